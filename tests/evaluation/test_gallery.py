"""Uses the tiny parts of conftest: seven 16-pixel items whose files have different names, so no pairs."""

import json
import math

import pytest
import torch
from PIL import Image

from i2ikit.build import Builder
from i2ikit.evaluation.gallery import image_values, write_gallery
from i2ikit.registry import DATASETS
from i2ikit.translation import build_model


@pytest.fixture
def written(cut, tmp_path):
    def written(count=2, **attributes):
        model = build_model(cut["model"], Builder())
        assert model is not None
        dataset = DATASETS.get("NoisyPairs")(count=3)
        for name, value in attributes.items():
            setattr(dataset, name, value)
        folder = tmp_path / "gallery"
        write_gallery(folder, model, dataset, device=torch.device("cpu"), step=7, count=count, seed=0)
        return folder, json.loads((folder / "index.json").read_text())

    return written


def test_every_item_has_images_and_values_of_its_own(written):
    folder, about = written()
    assert (about["step"], about["items"][0]["domain"]) == (7, "a")
    assert [item["name"] for item in about["items"]] == ["a0", "a1"]
    assert list(about["items"][0]["values"]) == ["change"]
    with Image.open(folder / about["items"][1]["images"]["output"]) as image:
        assert image.size == (16, 16)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["index.json", *(file for item in about["items"] for file in item["images"].values())]
    )


def test_pairs_have_their_truth_and_its_distance(written):
    folder, about = written(paired=True)
    assert set(about["items"][0]["values"]) == {"truth", "change"}
    assert about["measures"]["truth"]["better"] == "higher"
    assert (folder / about["items"][0]["images"]["truth"]).is_file()


def test_there_are_no_more_items_than_images_and_an_older_gallery_is_gone(written):
    assert len(written(count=9)[1]["items"]) == 3
    folder, about = written(count=1)
    assert len(about["items"]) == 1
    assert len(list(folder.iterdir())) == 3


def image(value):
    return torch.full((3, 4, 4), value)


def images(**more):
    return {"input": image(-1.0), "output": image(1.0), **more}


def test_black_made_white_changes_by_255_levels():
    assert image_values(images()) == {"change": 255.0}


def test_the_distance_to_the_truth_is_the_psnr():
    values = image_values(images(truth=image(0.8)))
    assert values["truth"] == pytest.approx(-20 * math.log10(0.1), abs=1e-4)  # 0.1 of the range everywhere


def test_the_background_is_outside_the_mask():
    output, mask = image(-1.0), torch.zeros(1, 4, 4)
    output[..., :2], mask[..., :2] = 1.0, 1.0  # all of the change is inside the mask
    output[..., 3] = -0.8
    values = image_values(images(output=output), mask)
    assert values["background"] == pytest.approx(-10 * math.log10(0.01 / 2), abs=1e-3)


def test_equal_images_have_no_finite_psnr():
    assert image_values(images(output=image(-1.0), truth=image(-1.0))) == {"change": 0.0}


def test_images_of_different_sizes_have_no_values():
    assert image_values(images(output=torch.zeros(3, 8, 8), truth=image(0.0))) == {}
