"""The config that is chosen by the images and the machine."""

import pytest
import torch
from PIL import Image

from i2ikit.config.choice import FoundImages, Machine, choose_config, inspect_images, inspect_machine
from i2ikit.errors import DataError

GB = 2**30
LAPTOP = Machine("cpu", 2, 4 * GB)
GPU = Machine("cuda", 16, 70 * GB)


@pytest.fixture
def photos(tmp_path):
    def make(size, a=3, b=2):
        for folder, count in (("trainA", a), ("trainB", b), ("testA", 1)):
            (tmp_path / folder).mkdir()
            for index in range(count):
                Image.new("RGB", size).save(tmp_path / folder / f"{index}.png")
        return tmp_path

    return make


def test_images_are_counted_and_their_shorter_sides_measured(photos):
    folder = photos((50, 40))
    assert inspect_images(folder) == FoundImages({"a": 3, "b": 2}, 40)
    Image.new("RGB", (30, 90)).save(folder / "trainB" / "0.png")
    (folder / "trainB" / "1.png").write_bytes(b"no image")
    assert inspect_images({"root": folder, "a": "testA", "b": "trainB"}) == FoundImages({"a": 1, "b": 2}, 30)


def test_a_folder_without_a_domain_or_without_readable_images_is_an_error_that_names_it(photos):
    folder = photos((50, 40), b=0)
    with pytest.raises(DataError, match="trainB"):
        inspect_images(folder)
    (folder / "trainB" / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"trainB/1\.png"):
        inspect_images(folder)


@pytest.mark.parametrize(
    ("images", "machine", "config", "overrides"),
    [
        (FoundImages({"a": 600, "b": 900}, 240), LAPTOP, "cut/stripes", {"data.load_size=72", "data.crop_size=64"}),
        (FoundImages({"a": 600, "b": 900}, 40), LAPTOP, "cut/stripes", {"data.load_size=36", "data.crop_size=32"}),
        (FoundImages({"a": 600, "b": 900}, 4000), Machine("cpu", 32), "cut/stripes", {"data.crop_size=128"}),
        (FoundImages({"a": 100, "b": 100}, 4000), GPU, "cut/horse2zebra", {"data.load_size=286", "data.crop_size=256"}),
        (FoundImages({"a": 100, "b": 100}, 200), GPU, "cut/horse2zebra", {"data.crop_size=128"}),
        (FoundImages({"a": 50_000, "b": 9}, 256), GPU, "cut/horse2zebra", {"train.epochs=2"}),
        (FoundImages({"a": 600, "b": 900}, 256), Machine("cuda", 4, 4 * GB), "cut/horse2zebra", {"data.crop_size=128"}),
        (FoundImages({"a": 600, "b": 900}, 256), Machine("cuda", 4, 1 * GB), "cut/stripes", {"data.crop_size=64"}),
    ],
)
def test_the_config_suits_images_and_machine(images, machine, config, overrides):
    choice = choose_config(images, machine)
    assert choice.config == config
    assert overrides <= {*choice.overrides}


def test_few_images_take_the_recipe_for_small_data_and_a_reason_is_given_for_each_decision():
    few = choose_config(FoundImages({"a": 600, "b": 120}, 240), LAPTOP)
    many = choose_config(FoundImages({"a": 600, "b": 900}, 240), LAPTOP)
    assert (few.recipes, many.recipes) == (("fast", "small_data"), ("fast",))
    assert few.reasons[-1] == "recipe small_data: 120 images in a domain, fewer than 500"
    assert many.reasons[1] == "64 pixels: a size for 2 CPU cores (the shorter sides are about 240)"


def test_the_machine_is_that_of_the_device():
    found = inspect_machine(torch.device("cpu"))
    assert found.device == "cpu"
    assert found.cores >= 1


def test_images_smaller_than_the_smallest_size_are_said_to_be_enlarged():
    assert "to which the images are enlarged" in choose_config(FoundImages({"a": 9, "b": 9}, 5), LAPTOP).reasons[1]
