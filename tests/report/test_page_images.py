import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2ikit.report.page_images import PageImages, encode, read_image


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize(("size", "expected"), [((400, 100), (200, 50)), ((40, 10), (40, 10))])
def test_a_large_image_is_shrunk_and_keeps_its_shape(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]):
    Image.new("RGB", size).save(tmp_path / "image.png")
    images = PageImages(tmp_path / "page.html")
    assert images.add(tmp_path / "image.png", pixels=10_000) == 0
    assert opened(images.found[0]).size == expected


def test_linked_images_are_addressed_by_their_path_from_the_page(tmp_path: Path):
    folder = tmp_path / "run" / "50 %"
    folder.mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(folder / "a#b.png")
    images = PageImages(tmp_path / "pages" / "page.html", linked=True)
    assert images.add(folder / "a#b.png", 1e6) == 0
    assert images.found == ["./../run/50%20%25/a%23b.png"]


def test_an_image_that_is_missing_or_cut_off_is_none(tmp_path: Path):
    intact = tmp_path / "intact.png"
    Image.effect_noise((64, 64), 50).save(intact)
    (tmp_path / "half.png").write_bytes(intact.read_bytes()[:2000])
    for linked in (False, True):
        assert PageImages(tmp_path / "page.html", linked=linked).add(tmp_path / "gone.png", 1e6) is None
    assert read_image(tmp_path / "half.png") is None
    assert read_image(intact) is not None


def test_pure_noise_can_be_encoded():
    noise = np.random.default_rng(0).integers(0, 256, (384, 512, 3), dtype=np.uint8)
    assert opened(encode(Image.fromarray(noise))).size == (512, 384)  # first steps look so; optimized JPEGs overflow
