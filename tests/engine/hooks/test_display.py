import time
from types import SimpleNamespace

import pytest
import torch

from i2ikit.engine.hooks import DisplayHook
from i2ikit.engine.reporter import SilentReporter
from i2ikit.interfaces.progress import Progress


def told(monkeypatch, seconds_per_step: float, steps: int) -> list[tuple[int, float, float]]:
    seen = []

    class Listener(SilentReporter):
        def step(self, step, epoch, rate, eta, losses) -> None:
            seen.append((step, rate, eta))

    now = [50.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    hook = DisplayHook(Listener())
    hook.before_train(SimpleNamespace(train_loop=SimpleNamespace(iter=0)))
    for step in range(1, steps + 1):
        now[0] += seconds_per_step
        progress = Progress(epoch=1, step=step, epochs=1, steps=steps)
        hook.after_train_iter(
            SimpleNamespace(train_loop=SimpleNamespace(progress=progress)), 0, None, {"d": torch.ones(())}
        )
    return seen


def test_slow_steps_are_all_told_with_their_rate_and_the_time_left(monkeypatch):
    assert told(monkeypatch, 2.0, 3) == [
        (1, pytest.approx(0.5), pytest.approx(4.0)),
        (2, pytest.approx(0.5), pytest.approx(2.0)),
        (3, pytest.approx(0.5), 0.0),
    ]


def test_of_fast_steps_the_first_the_last_and_a_few_each_second_are_told(monkeypatch):
    steps = [step for step, _, _ in told(monkeypatch, 1 / 64, 50)]
    assert steps == [1, 17, 33, 49, 50]  # 16 steps are a quarter of a second
