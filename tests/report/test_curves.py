import math

from i2ikit.report.curves import make_curve, running_mean
from i2ikit.report.record import Series


def series(values: list[float]) -> Series:
    return Series(list(range(1, len(values) + 1)), values)


def test_a_short_series_is_kept_point_by_point():
    curve = make_curve(series([3.0, 1.0, 2.0]))
    assert curve.steps == [1, 2, 3]
    assert curve.raw == [3.0, 1.0, 2.0]
    assert curve.smooth == curve.raw  # 5 percent of three points reach no neighbor


def test_a_long_series_is_thinned_to_means_at_their_last_step():
    curve = make_curve(series([float(value) for value in range(10)]), points=4, window=0)
    assert curve.steps == [3, 6, 9, 10]
    assert curve.raw == [1.0, 4.0, 7.0, 9.0]


def test_the_running_mean_is_symmetric_and_keeps_a_straight_line():
    assert running_mean([0.0, 1.0, 2.0, 3.0, 4.0], reach=1) == [0.5, 1.0, 2.0, 3.0, 3.5]


def test_gaps_stay_gaps_and_do_not_count_for_their_neighbors():
    assert running_mean([1.0, None, 3.0], reach=1) == [1.0, None, 3.0]


def test_a_spike_ends_with_its_window():
    curve = make_curve(series([1e30] + [1.0] * 99))
    assert curve.smooth[-1] == 1.0
    assert curve.smooth[50] == 1.0


def test_values_that_are_not_finite_are_counted():
    assert make_curve(series([1.0, math.nan, math.inf])).broken == 2
