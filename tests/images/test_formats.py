import pytest

from i2ikit.images.formats import COMMON, readable_extensions, writable_extensions


def test_the_common_extensions_can_be_read_and_written():
    assert {*COMMON} <= readable_extensions()
    assert {*COMMON} <= writable_extensions(3)


@pytest.mark.parametrize("channels", [2, 5])
def test_few_formats_hold_other_numbers_of_channels(channels: int):
    assert writable_extensions(channels) == {".tif", ".tiff", ".npy", ".npz"}
