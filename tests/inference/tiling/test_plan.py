import pytest

from i2ikit.inference.failures import TooLargeError
from i2ikit.inference.tiling.plan import plan_crops, plan_tiles

MB = 2**20


def test_a_tile_and_its_row_take_a_third_of_the_memory_and_waiting_tiles_another():
    plan = plan_tiles(100 * MB, 1000, width=2000, halo=20, multiple=4)
    needed = 1000 * plan.tile**2 + 64 * 2000 * plan.tile
    assert plan.tile % 4 == 0
    assert 0.9 * 100 / 3 * MB < needed <= 100 / 3 * MB
    assert plan.waiting == pytest.approx(200 / 3 * MB - needed)


def test_tiles_are_not_larger_than_useful():
    assert plan_tiles(1e12, 100, width=10_000, halo=40, multiple=4).tile == 1024
    assert plan_tiles(1e12, 100, width=10_000, halo=384, multiple=256).tile == 1280  # the smallest


def test_a_memory_that_holds_no_tile_is_refused_with_both_numbers():
    with pytest.raises(TooLargeError, match=r"^a tile of 120 x 120 pixels needs about 145 MB, and 100 MB may be"):
        plan_tiles(100 * MB, 1e4, width=1000, halo=40, multiple=4)


@pytest.mark.parametrize(
    ("memory", "multiple", "crops"), [(1e9, 4, (2, 256)), (1e9, 256, (1, 1024)), (1e8, 4, (1, 256))]
)
def test_crops_to_try_a_generator_on_are_as_many_as_fit(memory, multiple, crops):
    assert plan_crops(memory, 900, multiple) == crops


def test_a_memory_that_holds_no_crop_is_refused():
    with pytest.raises(
        TooLargeError, match=r"^a tile of 256 x 256 pixels needs about 62\.5 MB, and 0\.954 MB may be used"
    ):
        plan_crops(1e6, 1e3, 4)
