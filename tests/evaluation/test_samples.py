import json
import math

import pytest
import torch
from PIL import Image

from i2ikit.build import Builder
from i2ikit.datasets.domains import DomainImages
from i2ikit.evaluation.samples import image_values, to_pil, with_aspect, write_samples
from i2ikit.generators import ResNetGenerator
from i2ikit.images import FileList, Reader
from i2ikit.interfaces import ExtraInput
from i2ikit.registry import DATASETS, GENERATORS
from i2ikit.transforms import Resize
from i2ikit.translation import UnpairedTranslation, build_model


def model(config: dict) -> UnpairedTranslation:
    builder = Builder()
    built = build_model(config["model"], builder)
    assert built is not None, builder.errors
    return built


def flat(*color: float) -> torch.Tensor:
    return torch.tensor(color)[:, None, None].expand(-1, 2, 3)


def written(folder, config, count=2, step=100, **attributes):
    dataset = DATASETS.get("NoisyPairs")(count=3)
    for name, value in attributes.items():
        setattr(dataset, name, value)
    translation = model(config)
    write_samples(folder, translation, dataset, device=torch.device("cpu"), step=step, count=count, seed=0)
    return translation, json.loads((folder / f"step_{step:06d}" / "index.json").read_text())


def test_every_image_is_a_file_and_the_index_names_it(cyclegan, tmp_path):
    _, index = written(tmp_path, cyclegan)
    entries = index["items"]
    inputs = [("a", "a0"), ("b", "b0"), ("a", "a1"), ("b", "b1")]
    assert [(entry["domain"], entry["name"]) for entry in entries] == inputs
    files = {file for entry in entries for file in entry["images"].values()}
    assert files | {"index.json"} == {path.name for path in (tmp_path / "step_000100").iterdir()}
    assert len(files) == 2 * 7
    assert list(entries[0]["values"]) == list(index["measures"]) == ["change"]
    assert "values" not in entries[1]


def test_pairs_have_their_truth_and_its_distance(cut, tmp_path):
    _, index = written(tmp_path, cut, paired=True)
    assert set(index["items"][0]["values"]) == {"truth", "change"}
    assert (tmp_path / "step_000100" / index["items"][0]["images"]["truth"]).is_file()


def test_an_output_with_a_number_is_shown(cut, tmp_path):
    @GENERATORS.register_module()
    class DialGenerator(ResNetGenerator):
        extra_inputs = (ExtraInput("strength", "scalar", default=1.0),)

    try:
        cut["model"]["generators"] = {"ab": cut["model"]["generators"]["ab"] | {"type": "DialGenerator"}}
        cut["model"]["outputs"] = {"ab": "ab(a, 0.5)"}
        _, index = written(tmp_path, cut)
    finally:
        GENERATORS.module_dict.pop("DialGenerator")
    assert {"input", "output"} <= index["items"][0]["images"].keys()


def test_writing_samples_leaves_the_model_in_training_mode_and_its_image_pool_alone(cyclegan, tmp_path):
    translation, _ = written(tmp_path, cyclegan)
    assert translation.training
    assert translation.views["pool"].get_extra_state() == {}


def test_the_same_inputs_are_shown_at_every_step_and_a_repeated_step_is_replaced(cut, tmp_path):
    written(tmp_path, cut, count=3)
    written(tmp_path, cut, count=3, step=200)
    first, second = (tmp_path / f"step_000{step}" / "00002_a_input.png" for step in (100, 200))
    assert first.read_bytes() == second.read_bytes()
    written(tmp_path, cut, count=1)
    assert len(list((tmp_path / "step_000100").iterdir())) == 4  # input, output, a real target, and the index


def test_images_without_a_path_are_numbered(cut, tmp_path):
    dataset = [{"a": torch.zeros(3, 16, 16)}]
    write_samples(tmp_path, model(cut), dataset, device=torch.device("cpu"), step=1, count=9, seed=0)
    (entry,) = json.loads((tmp_path / "step_000001" / "index.json").read_text())["items"]
    assert (entry["name"], entry["images"]["input"]) == ("sample 1", "00000_a_input.png")


def image(value):
    return torch.full((3, 4, 4), value)


def test_black_made_white_changes_by_255_levels():
    assert image_values(image(-1.0), image(1.0)) == {"change": 255.0}


def test_the_distance_to_the_truth_is_the_psnr():
    values = image_values(image(-1.0), image(1.0), truth=image(0.8))
    assert values["truth"] == pytest.approx(-20 * math.log10(0.1), abs=1e-4)  # 0.1 of the range everywhere


def test_the_background_is_outside_the_mask():
    output, mask = image(-1.0), torch.zeros(1, 4, 4)
    output[..., :2], mask[..., :2] = 1.0, 1.0  # all of the change is inside the mask
    output[..., 3] = -0.8
    values = image_values(image(-1.0), output, mask=mask)
    assert values["background"] == pytest.approx(-10 * math.log10(0.01 / 2), abs=1e-3)


def test_equal_images_have_no_finite_psnr():
    assert image_values(image(-1.0), image(-1.0), truth=image(-1.0)) == {"change": 0.0}


def test_images_of_different_sizes_have_no_values():
    assert image_values(image(-1.0), torch.zeros(3, 8, 8), truth=image(0.0)) == {}


def test_minus_one_is_black_and_one_is_full_and_the_rest_is_clipped():
    assert to_pil(flat(-1.0, 0.0, 1.0)).getpixel((0, 0)) == (0, 128, 255)
    assert to_pil(flat(-9.0, 9.0, 1.0)).getpixel((2, 1)) == (0, 255, 255)


def test_an_image_of_one_channel_is_gray():
    assert to_pil(flat(1.0)).getpixel((0, 0)) == (255, 255, 255)


def test_of_many_channels_the_first_three_are_shown_and_of_two_the_first():
    assert to_pil(flat(1.0, -1.0, 0.0, 1.0, 1.0)).getpixel((0, 0)) == (255, 0, 128)
    assert to_pil(flat(1.0, -1.0)).getpixel((0, 0)) == (255, 255, 255)


class Files:
    """Unpaired files of 20 x 10 pixels for a and 10 x 20 for b, which a transform made square."""

    def __init__(self, folder, count, **sizes):
        self.count, transform = count, Resize(16)
        for domain, size in {"a": (20, 10), "b": (10, 20), **sizes}.items():
            (folder / domain).mkdir(parents=True)
            for index in range(count):
                name = f"{domain}{index:03d}.png"
                Image.new("RGB", size, (index, 100, 200 if domain == "b" else 0)).save(folder / domain / name)
        names = {domain: [f"{domain}{index:03d}.png" for index in range(count)] for domain in "ab"}
        self.domains = {d: DomainImages(FileList(folder / d, names[d]), Reader(), transform) for d in "ab"}

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.domains["a"].item("a", index) | self.domains["b"].item("b", (index + 1) % self.count)


def write_files(folder, config, dataset, count):
    write_samples(folder / "samples", model(config), dataset, device=torch.device("cpu"), step=1, count=count, seed=0)
    return json.loads((folder / "samples" / "step_000001" / "index.json").read_text())["items"]


def read(path):
    with Image.open(path) as image:
        return image.copy()


def sizes_of(folder, entry):
    return {name: read(folder / "samples/step_000001" / file).size for name, file in entry["images"].items()}


def test_the_items_are_spread_over_the_test_set(cut, tmp_path):
    entries = write_files(tmp_path, cut, Files(tmp_path / "data", 40), 4)
    assert [entry["name"][-8:] for entry in entries] == ["a000.png", "a010.png", "a020.png", "a030.png"]


def test_images_that_the_transform_made_square_are_written_at_the_aspect_of_their_file(cut, tmp_path):
    (entry,) = write_files(tmp_path, cut, Files(tmp_path / "data", 2), 1)
    assert sizes_of(tmp_path, entry) == {"input": (32, 16), "output": (32, 16), "real": (16, 32)}


def test_a_real_image_of_the_target_domain_is_beside_the_outputs_of_both_directions_and_is_one_file(cyclegan, tmp_path):
    a, b = write_files(tmp_path, cyclegan, Files(tmp_path / "data", 2), 1)
    assert a["images"]["real"] == b["images"]["input"] == "00000_b_input.png"
    assert b["images"]["real"] == a["images"]["input"]
    assert read(tmp_path / "samples/step_000001/00000_b_input.png").getpixel((0, 0)) == (1, 100, 200)


def test_a_test_set_without_targets_has_no_real_images(cut, tmp_path):
    dataset = Files(tmp_path / "data", 1)
    del dataset.domains["b"]
    dataset.__class__ = type("OneSided", (Files,), {"__getitem__": lambda self, i: self.domains["a"].item("a", i)})
    (entry,) = write_files(tmp_path, cut, dataset, 1)
    assert set(entry["images"]) == {"input", "output"}


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((16, 16), (200, 100), (32, 16)),
        ((16, 16), (100, 200), (16, 32)),
        ((16, 8), (100, 100), (16, 16)),
        ((100, 56), (101, 56), (100, 56)),  # rounded to a multiple of 4
        ((16, 16), (1600, 1), (1280, 1)),  # at most four times the pixels
    ],
)
def test_the_side_that_is_too_short_is_enlarged(size, aspect, expected):
    assert with_aspect(Image.new("RGB", size), *aspect).size == expected
