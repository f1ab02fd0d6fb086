import json

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.evaluation import samples
from i2ikit.evaluation.items import first_items
from i2ikit.evaluation.samples import column_names, compose, sample_columns, to_pil, write_samples
from i2ikit.registry import DATASETS
from i2ikit.translation import UnpairedTranslation, build_model


def model(config: dict) -> UnpairedTranslation:
    builder = Builder()
    built = build_model(config["model"], builder)
    assert built is not None, builder.errors
    return built


def flat(*color: float) -> torch.Tensor:
    return torch.tensor(color)[:, None, None].expand(-1, 2, 3)


def test_columns_go_from_each_domain_to_what_the_terms_make_of_it(cyclegan):
    assert sample_columns(model(cyclegan)) == ["a", "ab(a)", "ba(ab(a))", "b", "ba(b)", "ab(b)", "ab(ba(b))"]


def test_views_are_left_out_of_the_columns(cut):
    assert sample_columns(model(cut)) == ["a", "ab(a)"]


def test_the_identity_of_b_is_shown_beside_b(cut):
    terms = cut["model"]["phases"]["generate"]["terms"]
    terms["identity"] = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": "L1Loss"}}
    assert sample_columns(model(cut)) == ["a", "ab(a)", "b", "ab(b)"]


def test_a_moving_average_has_no_columns_of_its_own(cut):
    cut["model"]["averages"] = {"slow": {"of": "generators.ab"}}
    assert sample_columns(model(cut)) == ["a", "ab(a)"]


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (["a", "ab(a)", "ba(ab(a))"], ["input", "output", "reconstruction"]),
        (["b", "ba(b)", "ab(b)"], ["input", "output", "identity"]),
        (["a", "ab(a)", "ac(a)"], ["input", "output ab(a)", "output ac(a)"]),
        (["a", "ab(a)", "b", "ba(b)"], ["input", "output", "input", "output"]),
    ],
)
def test_expressions_have_plain_names(columns, names):
    assert column_names(columns) == names


def test_every_image_is_a_file_and_the_index_names_it(cyclegan, tmp_path):
    translation = model(cyclegan)
    items = list(first_items(DATASETS.get("NoisyPairs")(count=3), 2))
    write_samples(tmp_path, translation, items, device=torch.device("cpu"), step=100)
    folder = tmp_path / "step_000100"
    entries = json.loads((folder / "index.json").read_text())["items"]
    assert [(entry["domain"], entry["name"]) for entry in entries] == [
        ("a", "a0"),
        ("b", "b0"),
        ("a", "a1"),
        ("b", "b1"),
    ]
    files = {file for entry in entries for file in entry["images"].values()}
    assert files | {"index.json"} == {path.name for path in folder.iterdir()}
    assert len(files) == 2 * 7
    assert translation.training
    assert translation.views["pool"].get_extra_state() == {}


def test_images_without_a_path_are_numbered(cut, tmp_path):
    write_samples(tmp_path, model(cut), [{"a": torch.zeros(3, 16, 16)}], device=torch.device("cpu"), step=1)
    (entry,) = json.loads((tmp_path / "step_000001" / "index.json").read_text())["items"]
    assert (entry["name"], entry["images"]["input"]) == ("sample 1", "00000_a_input.png")


def test_a_grid_of_very_many_images_is_shrunk(monkeypatch):
    monkeypatch.setattr(samples, "LONGEST", 12)
    assert compose([[flat(0.0, 0.0, 0.0)]] * 12).size == (2, 12)


def test_minus_one_is_black_and_one_is_full_and_the_rest_is_clipped():
    assert to_pil(flat(-1.0, 0.0, 1.0)).getpixel((0, 0)) == (0, 128, 255)
    assert to_pil(flat(-9.0, 9.0, 1.0)).getpixel((2, 1)) == (0, 255, 255)


def test_an_image_of_one_channel_is_gray():
    assert to_pil(flat(1.0)).getpixel((0, 0)) == (255, 255, 255)


def test_of_many_channels_the_first_three_are_shown_and_of_two_the_first():
    assert to_pil(flat(1.0, -1.0, 0.0, 1.0, 1.0)).getpixel((0, 0)) == (255, 0, 128)
    assert to_pil(flat(1.0, -1.0)).getpixel((0, 0)) == (255, 255, 255)


def test_cells_are_in_rows_and_columns_without_gaps():
    red, green, blue = flat(1.0, -1.0, -1.0), flat(-1.0, 1.0, -1.0), flat(-1.0, -1.0, 1.0)
    image = compose([[red, green], [blue, red]])
    assert image.size == (6, 4)
    assert image.getpixel((3, 0)) == (0, 255, 0)
    assert image.getpixel((2, 2)) == (0, 0, 255)
    assert image.getpixel((5, 3)) == (255, 0, 0)


def test_an_image_of_another_size_is_scaled_to_the_cell():
    large = torch.ones(3, 20, 20)
    image = compose([[flat(-1.0, -1.0, -1.0), large]])
    assert image.size == (6, 2)
    assert image.getpixel((3, 0)) == pytest.approx((255, 255, 255))
