import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from i2ikit.report.image_store import Images, encode, read_image


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_a_large_image_is_shrunk_to_its_share_of_pixels_and_keeps_its_shape(tmp_path: Path):
    images = Images(tmp_path / "page.html")
    assert images.add(Image.new("RGB", (400, 100)), pixels=10_000) == 0
    assert opened(images.found[0]).size == (200, 50)


def test_a_small_image_keeps_its_size(tmp_path: Path):
    images = Images(tmp_path / "page.html")
    images.add(Image.new("RGB", (40, 10)), pixels=10_000)
    assert opened(images.found[0]).size == (40, 10)


def test_linked_images_are_named_by_their_path_from_the_page(tmp_path: Path):
    folder = tmp_path / "run" / "50 %"
    folder.mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(folder / "a#b.png")
    images = Images(tmp_path / "pages" / "page.html", linked=True)
    assert images.add_file(folder / "a#b.png", 1e6) == 0
    assert images.found == ["./../run/50%20%25/a%23b.png"]


def test_an_image_that_is_missing_or_cut_off_is_none(tmp_path: Path):
    whole = tmp_path / "whole.png"
    Image.effect_noise((64, 64), 50).save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:2000])
    for linked in (False, True):
        assert Images(tmp_path / "page.html", linked=linked).add_file(tmp_path / "gone.png", 1e6) is None
    assert read_image(tmp_path / "half.png") is None
    assert read_image(whole) is not None


def test_pure_noise_can_be_encoded():
    noise = np.random.default_rng(0).integers(0, 256, (384, 512, 3), dtype=np.uint8)
    assert opened(encode(Image.fromarray(noise))).size == (512, 384)  # first steps look so; optimized JPEGs overflow
