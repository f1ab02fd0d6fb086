import math
from pathlib import Path
from typing import Any

import pytest

from i2ikit.report.record import Series, best_indices, describe_metric, read_record


def test_scalars_are_sorted_by_name(run: Any):
    run.log(run.scalars(1, gan=1.0, cycle=2.0), run.scalars(2, gan=3.0))
    record = read_record(run.path)
    assert record.losses == {"gan": Series([1, 2], [1.0, 3.0]), "cycle": Series([1], [2.0])}
    assert record.rates["generators.ab"].values == [2e-4, 2e-4]
    assert record.last == {"step": 2, "epoch": 1, "time": 0.2}


def test_null_is_read_as_not_a_number(run: Any):
    run.log(run.scalars(1, gan=None))
    assert math.isnan(read_record(run.path).losses["gan"].values[0])


def test_lines_that_are_no_objects_are_left_out(run: Any):
    run.log("[1, 2]\n", "\n", "nonsense\n", run.scalars(5, gan=1.0), '{"step": 6, "losses": {"gan": 2')
    assert read_record(run.path).losses == {"gan": Series([5], [1.0])}


def test_steps_that_a_resumed_run_repeats_replace_what_was_there():
    series = Series()
    for step, value in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 20.0)]:
        series.add(step, value)
    assert series == Series([1, 2], [1.0, 20.0])


def test_the_environment_is_that_of_the_last_start(run: Any):
    run.log({"event": "start", "device": "cpu"}, {"event": "resume", "step": 7, "device": "cuda"})
    assert read_record(run.path).environment == {"device": "cuda"}


def test_an_empty_folder_is_an_empty_record(tmp_path: Path):
    record = read_record(tmp_path)
    assert (record.losses, record.config, record.config_text) == ({}, {}, "")


def test_a_damaged_config_is_no_config(run: Any):
    run.config()
    (run.path / "config.json").write_text('{"model": ')
    assert read_record(run.path).config == {}


def test_pain_3_the_best_value_and_its_step_are_found():
    series = Series([100, 200, 300], [0.9, 0.4, 0.6])
    assert series.best("lower") == (0.4, 200)
    assert series.best("higher") == (0.9, 100)
    assert series.best("") is None


def test_of_equal_values_the_earliest_is_the_best_and_values_that_are_not_finite_never_are():
    assert Series([1, 2, 3], [5.0, 7.0, 7.0]).best("higher") == (7.0, 2)
    assert Series([1, 2], [math.inf, 3.0]).best("higher") == (3.0, 2)
    assert Series([1], [math.nan]).best("higher") is None


@pytest.mark.parametrize(("better", "expected"), [("higher", {3, 4}), ("lower", {1}), ("", set())])
def test_the_best_of_several_runs_are_finite_values(better: str, expected: set[int]):
    assert best_indices([None, 1.0, math.inf, 2.0, 2.0], better) == expected


def test_a_single_value_is_not_the_best_of_several():
    assert best_indices([None, 1.0], "lower") == set()


def test_a_metric_is_described_by_its_documentation_if_it_is_installed():
    config = {"metrics": {"background": {"type": "BackgroundPSNR"}, "home_made": {"type": "NotInstalled"}, "odd": 3}}
    assert describe_metric("background.db", config).startswith("Mean over images of the PSNR")
    assert [describe_metric(name, config) for name in ("home_made.x", "odd.x", "gone")] == ["", "", ""]
