from pathlib import Path

from PIL import Image

from i2ikit.inference.completeness import is_complete


def test_an_output_is_complete_if_it_can_be_read_and_has_the_upright_size_of_its_input(tmp_path: Path):
    turned = Image.new("RGB", (6, 4))
    exif = Image.Exif()
    exif[274] = 6
    turned.save(tmp_path / "in.jpg", exif=exif)
    assert not is_complete(tmp_path / "none.png", tmp_path / "in.jpg")
    Image.new("RGB", (4, 6)).save(tmp_path / "fits.png")
    assert is_complete(tmp_path / "fits.png", tmp_path / "in.jpg")
    Image.new("RGB", (6, 4)).save(tmp_path / "lying.png")
    assert not is_complete(tmp_path / "lying.png", tmp_path / "in.jpg")
