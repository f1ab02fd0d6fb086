import math
from pathlib import Path
from typing import Any

import pytest

from i2ikit.benchmark import results
from i2ikit.benchmark.results import (
    Stopwatch,
    over_seeds,
    peak_memory,
    percentiles,
    rank_correlations,
    ranks,
    read_run,
    spearman,
    summarize,
    time_to,
)
from i2ikit.report.record import RunRecord, Series, read_record


def evaluations(*values: float) -> list[dict[str, Any]]:
    return [{"step": step, "seconds": 2.0 * step, "metrics": {"ratio": value}} for step, value in enumerate(values, 1)]


def test_the_time_to_a_quality_is_that_of_the_first_measurement_that_has_it():
    run = {"evaluations": evaluations(0.9, 0.5, 0.4, 0.6)}
    assert time_to(run, "ratio", 0.5, "lower") == 4.0
    assert time_to(run, "ratio", 0.3, "lower") is None
    assert time_to(run, "ratio", 0.6, "higher") == 2.0


def test_the_first_two_steps_of_a_slice_do_not_count_for_the_speed():
    records = [{"first": 1, "seconds": [9.0, 8.0, 1.0, 1.0]}, {"first": 5, "seconds": [7.0, 6.0, 3.0]}]
    watch = Stopwatch(records)
    assert watch.counted == [1.0, 1.0, 3.0]
    assert watch.at(4) == 19.0
    assert watch.at(7) == 35.0


def test_a_slice_that_was_done_again_counts_once_and_steps_without_a_record_count_as_usual():
    watch = Stopwatch(
        [{"first": 1, "seconds": [1.0] * 4}, {"first": 3, "seconds": [2.0] * 4}, {"first": 9, "seconds": [2.0] * 2}]
    )
    assert watch.at(6) == 1 + 1 + 2 * 4
    assert watch.at(10) == 1 + 1 + 2 * 4 + 2 * 2 + 2 * 2  # steps 7 and 8 were lost


def test_nothing_recorded_took_no_time():
    assert Stopwatch([]).at(10) == 0.0


def test_memory_is_that_of_the_steps_before_the_first_measurement():
    records = [{"first": 1, "seconds": [], "memory": [100, 120, 110, 900]}]
    assert peak_memory(records, 3) == 120
    assert peak_memory([{"first": 5, "seconds": [], "memory": [900]}], 3) == 900
    assert peak_memory([], 3) is None


def test_median_and_percentiles_of_eleven_values_are_the_middle_and_the_second_from_each_end():
    assert percentiles([float(value) for value in range(11)]) == {"median": 5.0, "low": 1.0, "high": 9.0}
    assert percentiles([]) is None


def test_the_spread_over_seeds_is_the_sample_standard_deviation():
    assert over_seeds([1.0, 3.0]) == pytest.approx({"mean": 2.0, "spread": 2**0.5})
    assert over_seeds([4.0]) == {"mean": 4.0, "spread": 0.0}
    assert over_seeds([]) is None


def test_a_run_is_read_from_its_records_and_its_log(finished: Any):
    run = read_run(finished[0], read_record(finished[0].work_dir), {"background.db": "higher"})
    assert (run["label"], run["seed"], run["steps"]) == ("one", 0, 10)
    assert run["seconds_per_step"]["median"] == 0.1
    assert run["images_per_second"] == pytest.approx(20.0)  # two images a step
    assert run["memory"] == 150
    assert [each["seconds"] for each in run["evaluations"]] == pytest.approx([1.4, 2.8])
    assert run["best"] == {"background.db": {"value": 20.0, "step": 5}}
    assert run["last"]["background.db"] == {"value": 18.0, "step": 10}
    assert run["work_dir"] == "runs/one_seed0"


def test_values_that_are_not_finite_are_left_out(finished: Any):
    record = RunRecord(finished[0].work_dir)
    for name, value in (("x", float("nan")), ("y", 1.0)):
        record.metrics[name] = Series([10], [value])
    assert read_run(finished[0], record, {})["last"] == {"y": {"value": 1.0, "step": 10}}


def test_equal_values_share_the_mean_of_their_ranks():
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]


def test_any_rising_relation_is_one_and_any_falling_one_minus_one():
    values = [0.1, 5.0, 2.0, 3.0]
    assert spearman(values, [math.exp(value) for value in values]) == pytest.approx(1)
    assert spearman(values, [-(value**3) for value in values]) == pytest.approx(-1)


def test_one_exchange_among_four_costs_a_fifth():
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(1 - 6 * 2 / (4 * 15))  # 1 - 6 sum d^2 / (n (n^2 - 1))


def test_a_constant_series_and_a_single_pair_have_no_correlation():
    assert spearman([1, 2, 3], [5, 5, 5]) is None
    assert spearman([1], [2]) is None


def test_a_value_that_falls_while_the_truth_rises_agrees_with_it():
    measurements = [{"fid": 3.0, "psnr": 10.0}, {"fid": 2.0, "psnr": 11.0}, {"fid": 1.0, "psnr": 12.0}]
    better = {"fid": "lower", "psnr": "higher"}
    assert rank_correlations(measurements, ["psnr"], better) == {"fid": {"psnr": pytest.approx(1)}}


def test_only_measurements_with_both_values_count_and_unknown_directions_are_left_out():
    measurements = [{"fid": 3.0}, {"fid": 2.0, "psnr": 11.0, "odd": 1.0}, {"fid": 1.0, "psnr": 10.0, "odd": 1.0}]
    found = rank_correlations(measurements, ["psnr"], {"fid": "lower", "psnr": "higher"})
    assert found == {"fid": {"psnr": pytest.approx(-1)}}


def test_methods_are_compared_in_the_direction_that_all_of_them_have(
    plan: Any, ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(results, "cost", lambda config: {"parameters": None, "gmacs": None})
    values = {"background.db": 20.0, "ba.background.db": 30.0}
    names = ("one_seed0", "one_seed1", "two_seed0", "two_seed1")
    ran(dict.fromkeys(names, 0.1), {name: {10: values} for name in names}, ["background.db", "ba.background.db"])
    found = summarize(plan, tmp_path)
    assert list(found["metrics"]) == ["background.db"]
    assert found["runs"][0]["last"] == {"background.db": {"value": 20.0, "step": 10}}
