import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image
from torch import Tensor, nn

from i2ikit.engine.train import train
from i2ikit.errors import DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator
from i2ikit.inference import network as network_module

RESNET = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}


class Negative(nn.Module):
    """Inverts colors."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)


def test_every_value_of_a_pixel_is_translated_to_its_own(tmp_path: Path):
    ramp = Image.frombytes("RGB", (16, 16), bytes(value for value in range(256) for _ in range(3)))
    ramp.save(tmp_path / "ramp.png")
    assert Translator(Negative()).folder(tmp_path / "ramp.png", tmp_path / "out.png") == 1
    with Image.open(tmp_path / "out.png") as output:
        assert list(output.getchannel("G").tobytes()) == list(range(255, -1, -1))


class Rendering(Hook):
    """Renders an image at the end of training, as the sample grids and the metrics do."""

    def __init__(self, image: torch.Tensor) -> None:
        self.image = image
        self.output = torch.zeros(())

    def after_train(self, runner: Any) -> None:
        self.output = runner.model.translation.render({"a": self.image}, ["ab(a)"])["ab(a)"]


@pytest.mark.slow
def test_pain_07_and_13_a_checkpoint_alone_rebuilds_the_network_with_the_outputs_that_it_had_in_the_run(
    cut: dict[str, Any], tmp_path: Path
):
    """Samples, metrics and translations are made in evaluation mode: no dropout, batch norm by its averages."""
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    rendering = Rendering(image)
    cut["model"]["generators"]["ab"] = {**RESNET, "norm": "batch", "dropout": True, "antialias_up": False}
    result = train(cut, work_dir=tmp_path, hooks=[rendering], max_steps=3)
    assert result.checkpoint is not None
    translate = Translator.load(result.checkpoint)
    assert torch.equal(translate(image), rendering.output)
    assert torch.equal(translate(image), rendering.output)  # nothing is random, nothing was updated
    other = torch.cat([image, -image])
    assert torch.allclose(translate(other)[:1], rendering.output, atol=1e-6)  # whatever else is in the batch


@pytest.mark.parametrize("path", ["runs/first", Path("runs/first")])
def test_a_path_instead_of_a_generator_is_answered_with_the_call_that_opens_it(path: Any):
    with pytest.raises(TypeError, match=r"Translator\.load\('runs.first'\)"):
        Translator(path)


@pytest.mark.parametrize(("size", "warnings"), [(None, 1), (16, 0)])
def test_images_far_larger_than_those_of_the_training_are_announced_once(
    size: int | None, warnings: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    for index, sides in enumerate([(32, 90), (33, 40), (50, 50)]):
        Image.new("RGB", sides).save(tmp_path / f"{index}.png")
    translator = Translator(Negative(), size=size, training_size=16)
    translator.folder(tmp_path, tmp_path / "out")
    messages = [text for text in caplog.messages if re.search(r"\d\.png has (33 x 40|50 x 50) pixels", text)]
    assert len(messages) == len(caplog.messages) == warnings
    assert all("trained on images of about 16" in text and "--size 16" in text for text in caplog.messages)


def test_an_image_too_large_for_memory_is_one_failed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "in").mkdir()
    for name, side in (("a.png", 8), ("big.png", 40), ("c.png", 8)):
        Image.new("RGB", (side, side)).save(tmp_path / "in" / name)
    monkeypatch.setattr(network_module, "LARGE", 100)
    monkeypatch.setattr(network_module, "free_memory", lambda: 1000)
    with pytest.raises(DataError, match=r"(?s)^2 of 3 .*big\.png, 40 x 40 pixels, does not fit into .*: --size 8\."):
        Translator(resnet(0), training_size=8).folder(tmp_path / "in", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "c.png"]
    small = Translator(resnet(0), size=8)  # what is resized first fits
    assert small.folder(tmp_path / "in", tmp_path / "small") == 3


def gray(width: int = 5, value: int = 10) -> np.ndarray:
    return np.full((4, width, 3), value, np.uint8)


def test_the_same_image_as_any_kind_and_in_a_batch_gives_the_same_output(tmp_path: Path):
    translate = Translator(resnet(0))
    image = np.random.default_rng(0).integers(0, 256, (9, 14, 3), dtype=np.uint8)
    Image.fromarray(image).save(tmp_path / "x.png")
    tensor = torch.from_numpy(image).permute(2, 0, 1) / 127.5 - 1
    found = {
        "array": translate(image) / 255,
        "path": np.asarray(translate(tmp_path / "x.png")) / 255,
        "text": np.asarray(translate(str(tmp_path / "x.png"))) / 255,
        "pillow": np.asarray(translate(Image.fromarray(image))) / 255,
        "float": translate(image / 255),
        "tensor": (translate(tensor).permute(1, 2, 0).numpy() + 1) / 2,
        "bytes": translate(torch.from_numpy(image).permute(2, 0, 1)).permute(1, 2, 0).numpy() / 255,
        "batch": (translate(torch.stack([-tensor, tensor]))[1].permute(1, 2, 0).numpy() + 1) / 2,
        "batch of arrays": translate(np.stack([255 - image, image]))[1] / 255,
        "list": translate([255 - image, image])[1] / 255,
        "stream": list(translate.stream([255 - image, image], batch=2))[1] / 255,
    }
    assert len(np.unique(found["array"])) > 100
    assert {name: np.abs(each - found["array"]).max() < 1 / 255 for name, each in found.items()} == dict.fromkeys(
        found, True
    )


def test_a_list_or_tuple_of_mixed_kinds_gives_a_list_in_order():
    outputs = Translator(Negative())((gray(), Image.new("L", (3, 2)), torch.zeros(3, 2, 2), gray(value=200)))
    assert [type(each).__name__ for each in outputs] == ["ndarray", "Image", "Tensor", "ndarray"]
    assert (outputs[0].max(), outputs[3].max()) == (245, 55)
    assert Translator(Negative())([]) == []


def test_threads_share_a_translator():
    translate = Translator(resnet(0))
    images = [np.random.default_rng(k).integers(0, 256, (9 + k % 3, 14, 3), dtype=np.uint8) for k in range(24)]
    expected = [translate(image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(translate, images))
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_a_tensor_without_negative_values_is_doubted_once(caplog: pytest.LogCaptureFixture):
    translate = Translator(Negative())
    for _ in range(2):
        translate(torch.linspace(0, 1, 48).view(3, 4, 4))
    translate(torch.linspace(-1, 1, 48).view(3, 4, 4))
    assert caplog.messages == [
        "the float32 tensor (3, 4, 4) holds no value below 0; if it is in 0..1 instead of -1..1, translate x * 2 - 1 "
        "of it"
    ]


def test_a_file_is_not_replaced_by_its_own_output(tmp_path: Path):
    Image.new("RGB", (12, 9)).save(tmp_path / "x.png")
    before = (tmp_path / "x.png").read_bytes()
    (tmp_path / "link.png").symlink_to("x.png")
    for target in ("x.png", "link.png"):
        with pytest.raises(DataError, match="would replace the input"):
            Translator(nn.Identity()).file(tmp_path / "x.png", tmp_path / target)
    assert (tmp_path / "x.png").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": "1/2"}, r"a share is a pair of integers such as \(1, 4\), the first of four, not '1/2'"),
        ({"share": 3}, "a share is a pair of integers"),
        ({"share": (1, 2.0)}, "a share is a pair of integers"),
        ({"share": (1,)}, r"a share is a pair of integers .* not \(1,\)"),
        ({"inputs": 3}, r"inputs are images by name, such as \{'mask': image\}, not 3"),
        ({"inputs": ["b"]}, "inputs are images by name"),
        ({"inputs": 0}, "inputs are images by name"),
    ],
)
def test_an_option_of_another_type_is_answered_with_what_it_takes(tmp_path: Path, options: Any, message: str):
    Image.new("RGB", (12, 9)).save(tmp_path / "x.png")
    for source in (tmp_path, tmp_path / "x.png"):
        with pytest.raises((TypeError, ValueError), match=message):
            Translator(nn.Identity()).folder(source, tmp_path / "out", **options)
