import math
from pathlib import Path
from typing import Any

from i2ikit.report.record import Series, read_record


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


def test_what_a_resumed_run_does_anew_replaces_what_was_there():
    series = Series()
    for step, value in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 20.0)]:
        series.add(step, value)
    assert series == Series([1, 2], [1.0, 20.0])


def test_the_last_start_says_what_the_run_ran_on(run: Any):
    run.log({"event": "start", "device": "cpu"}, {"event": "resume", "step": 7, "device": "cuda"})
    assert read_record(run.path).environment == {"device": "cuda"}


def test_an_empty_folder_is_an_empty_record(tmp_path: Path):
    record = read_record(tmp_path)
    assert (record.name, record.losses, record.config, record.config_text) == (tmp_path.name, {}, {}, "")


def test_a_damaged_config_is_no_config(run: Any):
    run.config()
    (run.path / "config.json").write_text('{"model": ')
    assert read_record(run.path).config == {}
