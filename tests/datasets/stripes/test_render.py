import numpy as np
import pytest

from i2ikit.datasets.stripes.animal import animal
from i2ikit.datasets.stripes.landscape import landscape
from i2ikit.datasets.stripes.noise import seeded
from i2ikit.datasets.stripes.render import Scene


def test_all_of_an_animal_is_in_the_image():
    for index in range(30):
        mask = Scene((0, 1, 0), index, 32).mask()
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert 0 < rows[0] < rows[-1] < 31
        assert 0 <= columns[0] < columns[-1] <= 31
        assert columns[-1] - columns[0] >= 12  # a third of the width and more


def test_animals_stand_on_the_ground_with_four_feet():
    for seed in range(20):
        body = animal(seeded(seed), 6.0)
        heights = [foot[1] for foot in body.feet]
        assert len(heights) == 4
        assert max(heights) - min(heights) < 0.05
        assert body.box()[2] > min(heights) - 0.1


def test_stripes_go_on_from_the_trunk_into_neck_and_legs():
    body = animal(seeded(0), 6.0)
    trunk = body.layers["trunk"]
    back, chest, neck = trunk[:3]
    assert back.phase_at(back.end) == pytest.approx(chest.phase)
    assert neck.phase == pytest.approx(chest.phase_at(neck.start))
    thighs = [limb for limb in trunk if limb.start == (-0.33, -0.03)]
    assert [limb.phase for limb in thighs] == [pytest.approx(back.phase_at((-0.33, -0.03)))]


def test_two_furs_share_the_pose_and_the_landscape():
    scene = Scene((0, 1, 0), 3, 48)
    plain, striped, mask = scene.plain().astype(int), scene.striped().astype(int), scene.mask()
    changed = np.abs(plain - striped).max(axis=2) > 40
    assert changed[mask].mean() > 0.4
    assert changed[~mask].mean() < 0.02


def test_a_landscape_is_an_image_with_a_horizon():
    view = landscape((0, 1), (0.5, 0.2, 0.2, 0.9), 40)
    assert view.image.shape == (3, 40, 40)
    assert view.image.dtype == np.float32
    assert view.horizon == pytest.approx(0.4)
    assert view.light == -1
    assert -0.1 < view.image.min() < view.image.max() < 1.5


def test_the_sky_is_brighter_than_the_ground():
    views = [landscape((0, index), (0.5, index / 7, index / 7, 0.0), 32) for index in range(7)]
    assert all(view.image[:, :8].mean() > view.image[:, 20:].mean() for view in views)


def test_a_size_of_zero_is_refused():
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        Scene((0, 0, 0), 0, 0)


def test_one_pixel_is_the_smallest_scene():
    assert Scene((0, 0, 0), 0, 1).striped().shape == (1, 1, 3)
