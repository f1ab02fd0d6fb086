import math
from pathlib import Path

from i2ikit.report.measures import direction, measured, sentence
from i2ikit.report.record import RunRecord, Series

CONFIG = {"metrics": {"background": {"type": "BackgroundPSNR"}, "home_made": {"type": "NotInstalled"}, "odd": 3}}


def test_pain_3_the_best_value_and_the_last_one_are_both_told_with_their_steps():
    series = Series([100, 200, 300], [0.9, 0.4, 0.6])
    found = measured(series, "lower")
    assert (found.best, found.last) == ((0.4, 200), (0.6, 300))
    assert measured(series, "higher").best == (0.9, 100)


def test_of_equal_values_the_earliest_is_the_best():
    assert measured(Series([1, 2, 3], [5.0, 7.0, 7.0]), "higher").best == (7.0, 2)


def test_values_that_are_not_finite_are_never_the_best():
    assert measured(Series([1, 2], [math.inf, 3.0]), "higher").best == (3.0, 2)
    assert measured(Series([1], [math.nan]), "higher").best is None


def test_a_metric_without_a_better_end_has_no_best():
    assert measured(Series([1], [3.0]), "").best is None


def test_the_better_end_and_the_sentence_come_from_the_metric_of_the_config():
    assert direction("background.db", RunRecord("x", Path(), config=CONFIG)) == "higher"
    assert sentence("background.db", CONFIG).startswith("Mean over images of the PSNR")


def test_what_the_log_says_of_the_better_end_comes_first():
    record = RunRecord("x", Path(), config=CONFIG, better={"home_made.x": "lower"})
    assert direction("home_made.x", record) == "lower"
    assert direction("background.db", record) == ""


def test_a_metric_that_is_not_installed_or_not_in_the_config_says_nothing():
    for name in ("home_made.x", "odd.x", "gone.x", "background.unknown"):
        assert direction(name, RunRecord("x", Path(), config=CONFIG)) == ""
    assert sentence("home_made.x", CONFIG) == sentence("gone", CONFIG) == ""
