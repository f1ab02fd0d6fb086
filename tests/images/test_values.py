import numpy as np
import pytest
from PIL import Image

from i2ikit.images.planes import Planes
from i2ikit.images.values import UsedValues, format_range, joined_values, used_values


def used(*values: float, dtype: str = "uint16") -> UsedValues:
    found = used_values(Planes(np.array([values], dtype)[:, :, None]))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("dtype", "values", "bits"),
    [
        ("uint16", (0, 7, 4095), 12),
        ("uint16", (0, 16, 4095 * 16), 12),  # 12 bits in the upper part of 16
        ("uint16", (0, 257, 65535), 16),
        ("uint8", (0, 1, 15), 4),
        ("int16", (-1000, 1, 3000), 12),
        ("uint32", (0, 1, 2**32 - 1), 32),
        ("uint16", (5, 5), 0),
        ("float32", (0, 0.5), 0),
    ],
)
def test_the_bits_in_use(dtype: str, values: tuple[float, ...], bits: int) -> None:
    found = used(*values, dtype=dtype)
    assert (found.low, found.high, found.bits) == (min(values), max(values), bits)


@pytest.mark.parametrize(
    ("dtype", "values", "proposed"),
    [
        ("uint16", (3, 4000), (0, 4095)),  # 12 bits
        ("uint16", (3, 1023), (0, 1023)),
        ("uint8", (0, 19), (0, 31)),  # labels
        ("uint16", (0, 40000), None),
        ("uint16", (0, 4095 * 16), None),
        ("int16", (-1000, 3000), (-1000, 3000)),
        ("float32", (0, 0.123456), (0, 0.124)),
        ("float64", (0.9, 0.95), (0.9, 0.95)),
        ("float32", (0, 0.7), None),
        ("uint16", (7, 7), None),  # one value has no range
    ],
)
def test_a_range_is_proposed_where_less_than_half_is_used(
    dtype: str, values: tuple[float, ...], proposed: tuple[float, float] | None
) -> None:
    found = used(*values, dtype=dtype).proposed_range()
    assert (found is None) == (proposed is None)
    if proposed and found:
        assert found == pytest.approx(proposed)
        assert found[0] <= min(np.array(values, dtype))
        assert max(np.array(values, dtype)) <= found[1]


def test_the_range_in_use_may_be_another_than_that_of_the_type() -> None:
    assert used(0, 4095).proposed_range((0, 4095)) is None
    assert used(0, 255).proposed_range((0, 4095)) == (0, 255)


def test_images_of_one_type_are_joined() -> None:
    found = joined_values([used(5, 9), None, used(2, 4), used(0.5, dtype="float32")])
    assert [(each.dtype, each.low, each.high) for each in found] == [("uint16", 2, 9), ("float32", 0.5, 0.5)]


def test_images_of_pillow_have_bytes() -> None:
    found = used_values(Image.fromarray(np.array([[3, 200]], np.uint8)))
    assert found == UsedValues(np.dtype(np.uint8), 3, 200, 8)


def test_a_range_is_written_as_options_take_it() -> None:
    assert [format_range(limits) for limits in ((0, 4095), (-1000.0, 2**32 - 1), (0, 0.25))] == [
        "[0,4095]",
        "[-1000,4294967295]",
        "[0,0.25]",
    ]
