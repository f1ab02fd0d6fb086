import pytest

from i2ikit.samplers.grid import GridSampler


def test_every_second_position_in_both_directions(fake_step, maps):
    (plan,) = GridSampler(2).plan(fake_step(), maps((4, 5)), maps((4, 5)))
    assert plan.ids.tolist() == [0, 2, 4, 10, 12, 14]


def test_a_stride_of_one_takes_all_positions_in_order(fake_step, maps):
    (plan,) = GridSampler().plan(fake_step(), maps((3, 4)), maps((3, 4)))
    assert plan.ids.tolist() == list(range(12))


def test_a_map_smaller_than_the_stride_gives_one_position(fake_step, maps):
    (plan,) = GridSampler(8).plan(fake_step(), maps((4, 4)), maps((4, 4)))
    assert plan.ids.tolist() == [0]


def test_each_layer_has_the_grid_of_its_own_size(fake_step, maps):
    plans = GridSampler(2).plan(fake_step(), maps((4, 4), (2, 2)), maps((4, 4), (2, 2)))
    assert [plan.ids.tolist() for plan in plans] == [[0, 2, 8, 10], [0]]


def test_the_stride_must_be_a_positive_integer():
    with pytest.raises(ValueError, match="stride must be an integer above 0, not 0"):
        GridSampler(0)
