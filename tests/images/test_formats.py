import pytest

from i2ikit.images.formats import COMMON, image_formats, readable_extensions, writable_extensions


def test_the_modules_of_the_package_are_the_formats_and_the_fallback_is_last():
    names = [type(known).__module__.rsplit(".", 1)[1] for known in image_formats()]
    assert sorted(names) == ["arrays", "pillow", "png_deep", "tiff"]
    assert names[-1] == "pillow"


def test_the_common_extensions_can_be_read_and_written():
    assert {*COMMON} <= readable_extensions()
    assert {*COMMON} <= writable_extensions(3)


@pytest.mark.parametrize("channels", [2, 5])
def test_few_formats_hold_other_numbers_of_channels(channels: int):
    assert writable_extensions(channels) == {".tif", ".tiff", ".npy", ".npz"}
