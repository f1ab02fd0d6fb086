import math

import pytest

from i2ikit.benchmark.rank import rank_correlations, ranks, spearman


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
