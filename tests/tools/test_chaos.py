"""The tool that kills trainings: its own arithmetic, and a short round of it."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from i2ikit.api import train
from i2ikit.files import open_atomically

ROOT = Path(__file__).parents[2]
# In a process of its own: a fork of one whose autograd has threads, which other tests may have started, cannot train.
KILLED_RUN = """
import json, sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import chaos

config = chaos.small_config("cut", seed=1)
config["model"]["discriminators"]["b"]["augment"] = {"type": "ADA", "images": 40, "interval": 2, "start": 0.2}
killer, runs, different = chaos.torment(config, kills=3, folder=Path(sys.argv[2]), seed=1)
print(json.dumps([killer.kills.total(), runs, different]))
"""


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
def test_pain_01_a_run_that_is_killed_at_random_moments_ends_bit_for_bit_as_the_uninterrupted_one(tmp_path, python):
    """Resume restarts the epoch, resets the rate, makes the loss jump: not after a kill -9 either."""
    done = python("-c", KILLED_RUN, ROOT / "tools", tmp_path)
    assert done.returncode == 0, done.stderr
    kills, runs, different = json.loads(done.stdout.splitlines()[-1])
    assert (kills, different) == (3, [])
    assert runs >= 1


@pytest.mark.parametrize(("method", "workers"), [*((name, 0) for name in chaos.METHODS), ("cut", 2)])
def test_every_method_resumes_bit_for_bit_in_the_middle_of_an_epoch(method, workers, tmp_path):
    config = chaos.small_config(method, workers=workers)  # 5 steps in an epoch
    config |= {"train": {"steps": 7}, "checkpoint": {"every": 100, "keep": 1}}
    whole, parts = tmp_path / "whole" / "run", tmp_path / "parts" / "run"  # of one name, which is in the report
    options = {"device": "cpu", "quiet": True}
    train(config, work_dir=whole, **options)
    for stop in (3, 6) if method == "cut" else (6,):
        train(config, work_dir=parts, pause_at=stop, resume=parts.exists(), **options)
    train(config, work_dir=parts, resume=True, **options)
    expected = chaos.final_state(whole)
    assert expected["last"]["progress"]["step"] == 7
    assert chaos.difference(chaos.final_state(parts), expected) == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python >= 3.12 on forks beside threads
@pytest.mark.parametrize(
    ("kind", "number", "left"), [("os.rename", 1, b"one two"), ("write", 2, b"one"), ("fsync", 1, b"one two")]
)
def test_a_process_is_killed_before_the_system_call_that_was_chosen(tmp_path, kind, number, left):
    child = os.fork()
    if child == 0:
        try:
            chaos.SystemCalls(tmp_path, (kind, number)).install()
            with open_atomically(tmp_path / "x", sync=True) as file:
                file.write(b"one")
                file.flush()
                file.write(b" two")
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    (temporary,) = tmp_path.iterdir()
    assert temporary.name != "x"
    assert temporary.read_bytes() == left


def test_a_child_that_fails_by_itself_is_no_success(tmp_path, capfd):
    config = chaos.small_config("cut")
    config["optimizer"] = {**config["optimizer"], "lr": -1.0}
    with pytest.raises(RuntimeError, match="failed by itself"):
        chaos.run_to_end(config, tmp_path / "run")
    assert "optimizer" in capfd.readouterr().err
