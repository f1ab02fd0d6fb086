import numpy as np
import pytest

from i2ikit.datasets.stripes.fur import PLAIN, PlainFur, StripedFur
from i2ikit.datasets.stripes.limbs import Shape
from i2ikit.datasets.stripes.noise import seeded

SIZE = (40, 60)
FLAT = np.full((2, *SIZE), 0.5, dtype=np.float32)
LOW = np.zeros((SIZE[0], 1), dtype=np.float32)


def facing(x, y, z, phase=0.0):
    """A flat surface with this normal, whose stripes are counted by ``phase``."""
    values = [np.full(SIZE, value, dtype=np.float32) for value in (x, y, z)]
    stripes = np.broadcast_to(np.float32(phase), SIZE)
    return Shape((slice(0, SIZE[0]), slice(0, SIZE[1])), np.ones(SIZE, dtype=np.float32), *values, stripes)


def test_stripes_have_the_period_of_the_phase():
    phase = np.arange(SIZE[1], dtype=np.float32) / 10
    coat = StripedFur.sample(seeded(0)).coat(facing(0, 0, 1, phase), FLAT, LOW).mean(axis=0)
    assert np.allclose(coat[:, :50], coat[:, 10:])
    assert coat[0, 0] < 0.15  # integers are black
    assert coat[0, 5] > 0.85  # halves are white


def test_about_half_of_a_flank_is_black_and_less_of_a_belly():
    phase = np.arange(SIZE[1], dtype=np.float32) / 20
    fur = StripedFur(0.5)
    flank, belly = (fur.coat(facing(0, y, z, phase), FLAT, LOW).mean(axis=0) < 0.5 for y, z in ((0, 1), (-1, 0)))
    assert flank.mean() == pytest.approx(0.5, abs=0.06)
    assert belly.mean() < flank.mean()


def test_every_plain_fur_can_be_drawn():
    furs = [PlainFur.sample(seeded(0), (number + 0.5) / len(PLAIN)) for number in range(len(PLAIN))]
    assert len({tuple(fur.back.flatten().tolist()) for fur in furs}) == len(PLAIN)


def test_a_plain_belly_has_its_own_color():
    fur = PlainFur.sample(seeded(0), 0.0)
    flank, belly = fur.coat(facing(0, 0, 1), FLAT, LOW), fur.coat(facing(0, -1, 0), FLAT, LOW)
    assert np.allclose(flank[:, 0, 0], fur.back.flatten(), atol=1e-6)
    assert np.allclose(belly[:, 0, 0], fur.belly.flatten(), atol=1e-6)
