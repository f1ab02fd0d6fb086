import pytest
from PIL import Image

from i2ikit.evaluation import sample_grid
from i2ikit.evaluation.sample_grid import GAP, LABEL, compose


def square(color: str, width: int = 128, height: int = 128) -> Image.Image:
    return Image.new("RGB", (width, height), color)


def test_images_are_in_rows_and_columns_below_their_labels():
    grid = compose([{"a: input": square("red"), "a: output": square("lime")}, {"a: output": square("blue")}])
    assert grid.size == (2 * (128 + GAP), LABEL + 2 * (128 + GAP))
    middle = [64, 64 + 128 + GAP]
    colors = [[grid.getpixel((x, LABEL + y)) for x in middle] for y in middle]
    assert colors == [[(255, 0, 0), (0, 255, 0)], [(255, 255, 255), (0, 0, 255)]]


def test_every_column_has_a_label_inside_its_width():
    labels = ["a: input", "a: reconstruction of the reconstruction"]
    grid = compose([dict.fromkeys(labels, square("white"))])
    for column in range(2):
        left = column * (128 + GAP)
        assert grid.crop((left, 0, left + 128, LABEL)).convert("L").getextrema()[0] < 100  # dark letters
        assert grid.crop((left + 128, 0, left + 128 + GAP, LABEL)).getextrema() == ((255, 255),) * 3


def test_a_row_is_as_high_as_its_highest_image_and_nothing_is_cut():
    grid = compose([{"wide": square("red", 256, 128), "high": square("blue", 128, 256)}])
    assert grid.size == (256 + 128 + 2 * GAP, LABEL + 256 + GAP)


def test_small_images_are_enlarged_without_smoothing():
    image = Image.new("L", (2, 1))
    image.putpixel((1, 0), 255)
    grid = compose([{"x": image.convert("RGB")}])
    assert grid.size == (128 + GAP, LABEL + 64 + GAP)
    assert [grid.getpixel((x, LABEL + 5))[0] for x in (0, 63, 64, 127)] == [0, 0, 255, 255]


def test_a_grid_of_very_many_images_is_shrunk(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sample_grid, "LONGEST", 100)
    assert max(compose([{"x": square("red")}] * 12).size) == 100


def test_no_rows_are_a_small_empty_grid():
    assert compose([]).size == (1, LABEL)
