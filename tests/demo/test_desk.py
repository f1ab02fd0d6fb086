import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2ikit.demo.desk import Desk, preview
from i2ikit.demo.limits import Limits
from i2ikit.demo.models import Models
from i2ikit.errors import DataError
from tests.demo.test_limits import bomb

LABEL = "horses: a to b"


@pytest.fixture
def desk(models: Models, tmp_path: Path) -> Desk:
    (tmp_path / "results").mkdir()
    return Desk(models, Limits(), tmp_path / "results")


def photo(path: Path, size: tuple[int, int] = (37, 24)) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_an_upload_becomes_a_file_of_its_kind_and_two_previews(desk: Desk, models: Models, tmp_path: Path):
    upload = photo(tmp_path / "in.png")
    found = desk.translate(str(upload), LABEL)
    assert found.file.name == "in.png"
    assert found.facts.startswith("37 × 24 pixels, translated in ")
    with Image.open(found.file) as file, Image.open(upload) as before:
        assert np.array_equal(np.asarray(file), np.asarray(models.translator(LABEL)(before.copy())))
        assert np.array_equal(np.asarray(found.before), np.asarray(before))
        assert np.array_equal(np.asarray(found.after), np.asarray(file))


def test_a_deep_image_stays_deep_in_the_file(desk: Desk, tmp_path: Path):
    Image.fromarray(np.linspace(0, 65535, 600).reshape(20, 30).astype(np.uint16)).save(tmp_path / "in.png")
    found = desk.translate(str(tmp_path / "in.png"), LABEL)
    assert (found.before.mode, found.before.size) == ("RGB", (30, 20))
    assert found.file.read_bytes()[24] == 16  # bits per channel


def test_a_format_that_is_only_read_becomes_png(desk: Desk, tmp_path: Path):
    with Image.open(photo(tmp_path / "in.png")) as image:
        image.save(tmp_path / "in.pcx")
    assert desk.translate(str(tmp_path / "in.pcx"), LABEL).file.name == "in.png"


def test_every_error_names_the_file_without_its_folder(desk: Desk, models: Models, tmp_path: Path):
    (tmp_path / "note.png").write_text("hello")
    for path in (tmp_path / "note.png", bomb(tmp_path / "bomb.png")):
        with pytest.raises(DataError) as caught:
            desk.translate(str(path), LABEL)
        assert path.name in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


def test_an_error_of_the_generator_is_one_message(desk: Desk, models: Models, tmp_path: Path):
    def broken(path: Path, output: str) -> None:
        raise ZeroDivisionError("secret path")

    desk.models = Models([models.choices[LABEL].checkpoint], broken)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"^in\.png cannot be translated: ZeroDivisionError$"):
        desk.translate(str(photo(tmp_path / "in.png")), LABEL)


def test_results_are_removed_after_an_hour(desk: Desk, tmp_path: Path):
    upload = str(photo(tmp_path / "in.png"))
    old, newer = (desk.translate(upload, LABEL).file for _ in range(2))
    os.utime(old.parent, (time.time() - 3700,) * 2)
    desk.translate(upload, LABEL)
    assert not old.exists()
    assert newer.exists()


def test_previews_have_a_bounded_size():
    assert preview(np.zeros((50, 3200), np.uint8)).size == (1600, 25)
