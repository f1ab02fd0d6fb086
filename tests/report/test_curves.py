import math

import pytest

from i2ikit.report.curves import draw_curves, make_curve, path, round_ticks, running_mean, value_range
from i2ikit.report.record import Series


def series(values: list[float]) -> Series:
    return Series(list(range(1, len(values) + 1)), values)


def test_a_short_series_is_kept_point_by_point():
    curve = make_curve(series([3.0, 1.0, 2.0]))
    assert curve.steps == [1, 2, 3]
    assert curve.raw == [3.0, 1.0, 2.0]
    assert curve.smooth == curve.raw  # 5 percent of three points reach no neighbor


def test_a_long_series_is_thinned_to_means_that_stand_at_their_last_step():
    curve = make_curve(series([float(value) for value in range(10)]), points=4, window=0)
    assert curve.steps == [3, 6, 9, 10]
    assert curve.raw == [1.0, 4.0, 7.0, 9.0]


def test_the_running_mean_looks_both_ways_and_a_straight_line_stays():
    assert running_mean([0.0, 1.0, 2.0, 3.0, 4.0], reach=1) == [0.5, 1.0, 2.0, 3.0, 3.5]


def test_gaps_stay_gaps_and_do_not_count_for_their_neighbors():
    assert running_mean([1.0, None, 3.0], reach=1) == [1.0, None, 3.0]


def test_a_spike_ends_with_its_window():
    curve = make_curve(series([1e30] + [1.0] * 99))
    assert curve.smooth[-1] == 1.0
    assert curve.smooth[50] == 1.0


def test_values_that_are_not_finite_are_counted():
    assert make_curve(series([1.0, math.nan, math.inf])).broken == 2


def test_an_outlier_does_not_flatten_the_rest():
    low, high = value_range(make_curve(series([1000.0] + [float(i % 2) for i in range(99)])))
    assert (low, high) == pytest.approx((-0.04, 1.04))


def test_a_level_line_stands_in_the_middle():
    assert value_range(make_curve(series([4.0, 4.0]))) == (2.0, 6.0)
    assert value_range(make_curve(series([0.0]))) == (-0.5, 0.5)


def test_nothing_finite_has_a_range_all_the_same():
    assert value_range(make_curve(series([math.nan]))) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.5, 1]),
        (-0.3, 0.52, [-0.2, 0, 0.2, 0.4]),
        (0, 2e-4, [0, 1e-4, 2e-4]),
        (120, 980, [200, 400, 600, 800]),
    ],
)
def test_ticks_stand_at_round_numbers(low: float, high: float, expected: list[float]):
    assert round_ticks(low, high) == pytest.approx(expected)


def test_a_line_lifts_its_pen_at_a_gap_and_marks_a_lone_point():
    assert path([0, 1, 2, 3, 4, 5], [1, 2, None, 3, None, 4]) == "M0 1L1 2M3 3h.1M5 4h.1"


def test_points_lie_where_their_steps_and_values_say():
    drawn = draw_curves({0: make_curve(Series([0, 100], [0.0, 1.0]), window=0)}, "x", last_step=100)
    # 340 by 170 with margins 46 left, 8 right, 8 above, 22 below; the range is 1/25 larger on either side: 140 / 27
    assert 'class="smooth" style="--line:var(--run0)" d="M46.0 142.8L332.0 13.2"' in drawn
    assert drawn.count("<svg") == drawn.count("</svg>") == 2


def test_curves_of_several_runs_share_their_range_and_have_the_colors_of_their_runs():
    low, high = make_curve(Series([0, 100], [0.0, 0.0])), make_curve(Series([0, 50], [1.0, 1.0]))
    drawn = draw_curves({0: low, 3: high}, "x", last_step=100)
    assert 'class="smooth" style="--line:var(--run0)" d="M46.0 142.8L332.0 142.8"' in drawn
    assert 'class="smooth" style="--line:var(--run3)" d="M46.0 13.2L189.0 13.2"' in drawn
    assert drawn.count('class="dot"') == 2


def test_the_ninth_run_has_the_color_of_the_first():
    assert "var(--run0)" in draw_curves({8: make_curve(series([1.0]))}, "x", last_step=1)
