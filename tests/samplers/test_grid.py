import pytest

from i2ikit.samplers.grid import GridSampler


def test_every_second_place_in_both_directions(drawing_step, maps):
    (plan,) = GridSampler(2).plan(drawing_step(), maps((4, 5)), maps((4, 5)))
    assert plan.ids.tolist() == [0, 2, 4, 10, 12, 14]


def test_a_stride_of_one_takes_all_places_in_order(drawing_step, maps):
    (plan,) = GridSampler().plan(drawing_step(), maps((3, 4)), maps((3, 4)))
    assert plan.ids.tolist() == list(range(12))


def test_a_map_smaller_than_the_stride_gives_one_place(drawing_step, maps):
    (plan,) = GridSampler(8).plan(drawing_step(), maps((4, 4)), maps((4, 4)))
    assert plan.ids.tolist() == [0]


def test_each_layer_has_the_grid_of_its_own_size(drawing_step, maps):
    plans = GridSampler(2).plan(drawing_step(), maps((4, 4), (2, 2)), maps((4, 4), (2, 2)))
    assert [plan.ids.tolist() for plan in plans] == [[0, 2, 8, 10], [0]]


def test_the_stride_must_be_whole_and_positive():
    with pytest.raises(ValueError, match="stride must be an integer above 0, not 0"):
        GridSampler(0)
