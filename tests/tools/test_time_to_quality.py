"""The time that one config needs for the quality of another."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from i2ikit.errors import I2IKitError

ROOT = Path(__file__).parents[2]
BETTER = {"ratio": "lower", "db": "higher"}
TARGETS = {"ratio": 0.4, "db": 20.0}


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("time_to_quality")


def run(*values: tuple[float, float], seed: int = 0, pace: float = 6.0) -> dict[str, Any]:
    """Return a run with a measurement of (ratio, db) at each step."""
    found = [
        {"step": step, "seconds": pace * step, "metrics": {"ratio": ratio, "db": db}}
        for step, (ratio, db) in enumerate(values, 1)
    ]
    last = {name: {"value": found[-1]["metrics"][name], "step": len(found)} for name in BETTER}
    return {"seed": seed, "steps": len(found), "seconds": pace * len(found), "evaluations": found, "last": last}


def test_a_quality_that_is_lost_again_is_not_kept(tool) -> None:
    passing = run((0.3, 21), (0.5, 21), (0.4, 20), (0.2, 25))
    assert tool.reached_and_kept(passing, TARGETS, BETTER)["step"] == 3
    assert tool.reached_and_kept(run((0.3, 21), (0.3, 19)), TARGETS, BETTER) is None
    assert tool.reached_and_kept(run((0.3, 21)), {**TARGETS, "fid": 1.0}, {**BETTER, "fid": "lower"}) is None


def test_the_quality_is_what_every_seed_of_the_reference_has_at_its_end(tool) -> None:
    runs = [run((0.1, 30), (0.4, 20)), run((0.3, 25))]
    assert tool.at_the_end(runs, ["ratio", "db", "fid"], BETTER) == TARGETS


def test_the_ratio_is_that_of_the_medians_of_time_and_of_steps(tool) -> None:
    reference = [run(*[(0.9, 10)] * wait, (0.4, 20), seed=wait) for wait in (3, 5, 7)]
    lines = tool.compare({"enco": reference, "mine": [run((0.9, 10), (0.2, 28), pace=9.0)]}, TARGETS, BETTER)
    assert lines[0] == "quality: ratio 0.4, db 20"
    assert lines[1] == "enco seed 3: step 4, 0.40 min (of 4 steps, 0.40 min)"
    assert lines[-1] == "mine / enco: 0.50 of the time, 0.33 of the steps"
    lines = tool.compare({"enco": reference, "mine": [run((0.9, 10))]}, TARGETS, BETTER)
    assert lines[-2:] == [
        "mine seed 0: never (of 1 steps, 0.10 min)",
        "mine / enco: no ratio, never reached and kept by some seed",
    ]


def test_a_config_that_counts_epochs_is_told_apart(tool, tmp_path: Path, capsys) -> None:
    assert tool.main(["enco/horse2zebra", "cut/horse2zebra", "--out", str(tmp_path / "out")]) == 2
    assert "enco/horse2zebra counts epochs, not steps" in capsys.readouterr().err


def test_a_quality_that_cannot_be_measured_is_told_before_the_training(tool) -> None:
    assert tool.wanted_quality(["mean.brightness=0.5"], {"mean": {}}) == {"mean.brightness": 0.5}
    for texts, metrics, message in (
        ([], {"mean": {}}, "the configs measure mean, none of wasserstein.ratio"),
        ([], {}, "the configs measure nothing, none of"),
        (["men.brightness=1"], {"mean": {}}, "there is no metric 'men'. Nearest: 'mean'"),
    ):
        with pytest.raises(I2IKitError, match=message):
            tool.wanted_quality(texts, metrics)


@pytest.mark.parametrize("options", [("--slices", "0"), ("--evaluations", "x"), ("--seeds", "-1"), ()])
def test_numbers_out_of_range_and_a_single_config_are_refused(tool, capsys, options) -> None:
    with pytest.raises(SystemExit):
        tool.main(["cut/stripes", *(["enco/stripes"] if options else []), *options])
    assert ("is not an integer of at least" if options else "at least one other config") in capsys.readouterr().err
