"""The tool that kills trainings: its own arithmetic, and a short round of it."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from i2ikit.engine.train import train

ROOT = Path(__file__).parents[2]


def load() -> Any:
    spec = importlib.util.spec_from_file_location("chaos", ROOT / "tools" / "chaos.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


chaos = load()
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": [1, torch.ones(2)]}, {"a": [1, torch.ones(2)]}, ""),
        ({"a": [1, torch.ones(2)]}, {"a": [1, torch.tensor([1, 1 + 2**-23])]}, ".a.1"),
        ({"a": torch.ones(1)}, {"a": torch.ones(1, dtype=torch.float64)}, ".a"),
        ({"a": 1}, {"a": 1, "b": 2}, ": {'a': 1} and {'a': 1, 'b': 2}"),
        ([1, 2], [1], ": [1, 2] and [1]"),
    ],
)
def test_a_difference_of_one_bit_is_found_and_its_key_named(one, other, expected):
    assert chaos.difference(one, other) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python >= 3.12 on forks beside threads
def test_pain_01_a_run_that_is_killed_at_random_moments_ends_bit_for_bit_as_the_uninterrupted_one(tmp_path):
    """Resume restarts the epoch, resets the rate, makes the loss jump: not after a kill -9 either."""
    config = chaos.small_config("cut", seed=1)
    killer, runs, different = chaos.torment(config, kills=3, folder=tmp_path, seed=1)
    assert (killer.kills, different) == (3, [])
    assert runs >= 1


@pytest.mark.parametrize(("method", "workers"), [*((name, 0) for name in chaos.METHODS), ("cut", 2)])
def test_every_method_resumes_bit_for_bit_in_the_middle_of_an_epoch(method, workers, tmp_path):
    config = chaos.small_config(method, workers=workers)  # 5 steps in an epoch
    config |= {"train": {"steps": 7}, "checkpoint": {"every": 100, "keep": 1}}
    train(config, work_dir=tmp_path / "uninterrupted")
    train(config, work_dir=tmp_path / "parts", pause_at=3)
    train(config, work_dir=tmp_path / "parts", pause_at=6, resume=True)
    train(config, work_dir=tmp_path / "parts", resume=True)
    expected = chaos.final_state(tmp_path / "uninterrupted")
    assert expected["progress"]["step"] == 7
    assert chaos.difference(chaos.final_state(tmp_path / "parts"), expected) == ""


def test_a_child_that_fails_by_itself_is_no_success(tmp_path, capfd):
    config = chaos.small_config("cut")
    config["optimizer"] = {**config["optimizer"], "lr": -1.0}
    with pytest.raises(RuntimeError, match="failed by itself"):
        chaos.run_to_end(config, tmp_path / "run")
    assert "optimizer" in capfd.readouterr().err
