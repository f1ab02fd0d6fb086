import numpy as np
import pytest

from i2ikit.datasets.stripes.limbs import Limb, bounds, unite

X = np.linspace(-1, 1, 81, dtype=np.float32)
Y = -X
PIXEL = float(X[1] - X[0])
BALL = Limb((0.0, 0.0), (0.0, 0.0), (0.5, 0.5), phase=0.25, grain=(2.0, 0.0))


def at(shape, array, x, y):
    """The value of a shape's array at the grid point nearest to (x, y)."""
    rows, columns = shape.window
    return array[np.abs(Y - y).argmin() - rows.start, np.abs(X - x).argmin() - columns.start]


def test_a_ball_covers_its_disk_and_nothing_else():
    shape = unite([BALL], X, Y, PIXEL)
    assert at(shape, shape.cover, 0.0, 0.0) == 1
    assert at(shape, shape.cover, 0.45, 0.0) == 1
    assert at(shape, shape.cover, 0.55, 0.0) == 0
    assert shape.cover.sum() * PIXEL**2 == pytest.approx(np.pi / 4, rel=0.02)


def test_the_surface_of_a_ball_is_round():
    shape = unite([BALL], X, Y, PIXEL)
    assert at(shape, shape.normal_z, 0.0, 0.0) == pytest.approx(1, abs=1e-3)
    assert at(shape, shape.normal_x, 0.25, 0.0) == pytest.approx(0.5, abs=0.02)  # sine of the angle: x / radius
    assert at(shape, shape.normal_y, 0.0, 0.25) == pytest.approx(0.5, abs=0.02)  # up is positive


def test_normals_stay_in_the_image_when_the_limb_is_mirrored():
    shape = unite([BALL], -X, Y, PIXEL)
    rows, columns = shape.window
    assert shape.normal_x[40 - rows.start, 50 - columns.start] > 0  # the right side faces right


def test_stripes_are_counted_along_the_grain():
    shape = unite([BALL], X, Y, PIXEL)
    assert at(shape, shape.phase, 0.0, 0.0) == pytest.approx(0.25)
    assert at(shape, shape.phase, 0.25, 0.1) == pytest.approx(0.75, abs=1e-4)
    assert BALL.phase_at((0.25, 0.1)) == pytest.approx(0.75)


def test_a_tapered_limb_is_as_wide_as_its_radius_at_each_end():
    limb = Limb((-0.5, 0.0), (0.5, 0.0), (0.3, 0.1))
    shape = unite([limb], X, Y, PIXEL)
    assert [at(shape, shape.cover, x, y) for x, y in ((-0.5, 0.25), (0.5, 0.25), (0.5, 0.05))] == [1, 0, 1]
    assert bounds([limb]) == pytest.approx((-0.8, 0.6, -0.3, 0.3))


def test_a_union_covers_all_of_its_limbs():
    first, second = Limb((-0.3, 0.0), (0.0, 0.0), (0.2, 0.2)), Limb((0.0, 0.0), (0.3, 0.3), (0.2, 0.1))
    together = unite([first, second], X, Y, PIXEL)
    for limb in (first, second):
        alone = unite([limb], X, Y, PIXEL)
        for x, y in (limb.start, limb.end):
            assert at(together, together.cover, x, y) >= at(alone, alone.cover, x, y)
    assert bounds([first, second]) == pytest.approx((-0.5, 0.4, -0.2, 0.4))


def test_a_limb_outside_the_grid_has_no_pixels():
    assert unite([Limb((9.0, 9.0), (9.5, 9.0), (0.1, 0.1))], X, Y, PIXEL).cover.size == 0
