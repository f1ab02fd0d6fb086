import time
from typing import Any

import pytest
import torch

from i2ikit.engine.hooks.display import DisplayHook


def reported(run: Any, monkeypatch: pytest.MonkeyPatch, seconds_per_step: float, steps: int) -> Any:
    now = [50.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    hook = DisplayHook()
    hook.before_train(run)
    for step in range(1, steps + 1):
        now[0] += seconds_per_step
        run.step(hook, step, steps, d=torch.ones(()))
    return run.steps


def test_slow_steps_are_all_reported_with_their_rate_and_the_remaining_time(new_run, monkeypatch):
    assert reported(new_run(), monkeypatch, 2.0, 3) == [
        (1, pytest.approx(0.5), pytest.approx(4.0)),
        (2, pytest.approx(0.5), pytest.approx(2.0)),
        (3, pytest.approx(0.5), 0.0),
    ]


def test_of_fast_steps_the_first_the_last_and_a_few_each_second_are_reported(new_run, monkeypatch):
    steps = [step for step, _, _ in reported(new_run(), monkeypatch, 1 / 64, 50)]
    assert steps == [1, 17, 33, 49, 50]  # 16 steps are a quarter of a second
