import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from i2ikit.engine.hooks import Clock, LogHook
from i2ikit.engine.json_log import JsonLog
from i2ikit.interfaces.progress import Progress


def log_of(path: Any, every: int, losses: list[dict[str, float]]) -> list[dict[str, Any]]:
    log = JsonLog(path)
    hook = LogHook(log, every, Clock(100.0))
    for index, step in enumerate(losses):
        progress = Progress(epoch=1, step=index + 1, epochs=1, steps=len(losses))
        runner = SimpleNamespace(
            train_loop=SimpleNamespace(progress=progress), optim_wrapper=SimpleNamespace(rates=lambda: {"net": 0.5})
        )
        hook.after_train_iter(runner, index, None, {name: torch.tensor(loss) for name, loss in step.items()})
    log.close()
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_has_the_means_since_the_line_before(tmp_path):
    lines = log_of(tmp_path / "log", 3, [{"gan": value} for value in (8.0, 1.0, 3.0, 4.0, 5.0)])
    assert [(line["step"], line["losses"]["gan"]) for line in lines] == [(1, 8.0), (3, 2.0), (5, 4.5)]


def test_a_term_that_is_left_out_of_steps_has_the_mean_over_the_others(tmp_path):
    lines = log_of(tmp_path / "log", 3, [{"gan": 0.0}, {"gan": 1.0, "identity": 6.0}, {"gan": 2.0}])
    assert lines[1]["losses"] == {"gan": 1.5, "identity": 6.0}


def test_a_line_has_rates_and_the_seconds_of_all_parts_of_the_run(tmp_path):
    (line,) = log_of(tmp_path / "log", 1, [{"gan": 0.0}])
    assert line["lr"] == {"net": 0.5}
    assert line["epoch"] == 1
    assert line["time"] == pytest.approx(100, abs=10)
