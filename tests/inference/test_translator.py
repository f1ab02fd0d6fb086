import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image
from torch import Tensor, nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.train import train
from i2ikit.errors import CheckpointError, DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator
from i2ikit.inference import network as network_module

FAILS = 13  # pixels of width
RESNET = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}


class Negative(nn.Module):
    """Inverts colors and records the sizes of the batches that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.batches.append(len(x))
        if x.shape[-1] == FAILS:
            raise RuntimeError("this width fails")
        return -x


def save(path: Path, generators: dict[str, nn.Module]) -> Path:
    state = {f"generators.{name}.{key}": v for name, g in generators.items() for key, v in g.state_dict().items()}
    write_checkpoint(path, Checkpoint(config={"model": {"generators": dict.fromkeys(generators, RESNET)}}, model=state))
    return path


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)


def test_a_checkpoint_holds_the_trained_generators_and_the_first_one_is_the_default(tmp_path: Path):
    ab, ba, x = resnet(1), resnet(2), torch.rand(1, 3, 16, 16)
    path = save(tmp_path / "a.pt", {"ab": ab, "ba": ba})
    assert torch.equal(Translator.load(path)(x), Translator(ab)(x))
    assert torch.equal(Translator.load(path, generator="ba")(x), Translator(ba)(x))


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


def test_the_average_is_used_unless_the_raw_weights_are_wanted(tmp_path: Path):
    raw, average, x = resnet(1), resnet(2), torch.rand(1, 3, 16, 16)
    states = {"ba": raw.state_dict(), "ba_mean": average.state_dict(), "ab": raw.state_dict()}
    weights = {f"generators.{name}.{key}": value for name, state in states.items() for key, value in state.items()}
    model = {"generators": {"ab": RESNET, "ba": RESNET}, "averages": {"ba_mean": {"of": "generators.ba"}}}
    write_checkpoint(tmp_path / "a.pt", Checkpoint(config={"model": model}, model=weights))
    assert torch.equal(Translator.load(tmp_path / "a.pt", generator="ba")(x), Translator(average)(x))
    assert torch.equal(Translator.load(tmp_path / "a.pt", generator="ba", weights="raw")(x), Translator(raw)(x))


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


def test_the_size_of_the_training_comes_from_the_config(tmp_path: Path):
    weights = {f"generators.ab.{key}": value for key, value in resnet(0).state_dict().items()}
    train = {"type": "UnpairedFolders", "transform": {"type": "ResizeCropFlip"}}
    data = {"load_size": 36, "crop_size": 32, "train": train}
    scaled = {"type": "UnpairedFolders", "transform": {"type": "ScaleWidth"}}  # to images of any height
    for config, expected in (
        ({"data": data}, 32),  # the networks saw crops of that size
        ({"data": {**data, "train": scaled}}, 36),
        ({"data": {"train": {"type": "UnpairedFolders"}}}, None),
        ({}, 256),
    ):
        full = {"model": {"generators": {"ab": RESNET}}, **config}
        write_checkpoint(tmp_path / "a.pt", Checkpoint(config=full, model=weights))
        assert Translator.load(tmp_path / "a.pt").training_size == expected


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


def test_neighbors_of_one_size_are_translated_together():
    generator = Negative()
    outputs = list(Translator(generator).stream([gray(k // 4 + 3, k) for k in range(10)], batch=3))
    assert [int(output[0, 0, 0]) for output in outputs] == [255 - k for k in range(10)]
    assert generator.batches == [3, 1, 3, 1, 2]
    generator.batches.clear()
    assert len(Translator(generator)([gray()] * 9)) == 9
    assert generator.batches == [8, 1]


def test_large_images_are_translated_alone():
    generator = Negative()
    large = torch.zeros(3, 800, 800)
    assert len(Translator(generator)([large, large, torch.zeros(3, 100, 100)])) == 3
    assert generator.batches == [1, 1, 1]
    assert Translator(generator)(torch.stack([large, large])).shape == (2, 3, 800, 800)
    assert generator.batches == [1] * 5


def test_a_stream_takes_images_as_its_outputs_are_taken_and_may_never_end():
    taken: list[int] = []

    def endless() -> Iterator[np.ndarray]:
        for k in count():
            taken.append(k)
            yield gray(value=k)

    outputs = Translator(Negative()).stream(endless())
    assert taken == []
    assert [int(each[0, 0, 0]) for each in islice(outputs, 3)] == [255, 254, 253]
    assert taken == [0, 1, 2]
    batched = Translator(Negative()).stream(endless(), batch=4)
    next(batched)
    assert taken == [0, 1, 2, 0, 1, 2, 3]


def test_an_image_of_a_stream_that_fails_is_named_by_its_number_after_those_before_it():
    translate = Translator(Negative())
    outputs = translate.stream([gray(), gray(), "missing.png", gray()], batch=4)
    assert len([next(outputs), next(outputs)]) == 2
    with pytest.raises(DataError, match=r"^image 3: the image missing\.png does not exist"):
        next(outputs)
    with pytest.raises(DataError, match=r"^image 2: the generator fails .* array \(4, 13, 3\), .* this width fails"):
        translate([gray(), gray(FAILS)])
    with pytest.raises(TypeError, match=r"^image 1: this is no image, but int\. A Translator takes a path, an image"):
        translate([3])


def test_the_image_that_fails_in_a_batch_is_found(monkeypatch: pytest.MonkeyPatch):
    translate = Translator(Negative())
    run = translate._run

    def fail(images: Any) -> Any:
        if any(each.x.max() > 0.9 for each in images):
            raise DataError("too bright")
        return run(images)

    monkeypatch.setattr(translate, "_run", fail)
    outputs = translate.stream([gray(), gray(), gray(value=255), gray()], batch=4)
    assert len([next(outputs), next(outputs)]) == 2
    with pytest.raises(DataError, match=r"^image 3: too bright$"):
        next(outputs)


@pytest.mark.parametrize("images", ["photos", b"x", gray(), torch.zeros(3, 4, 4), 7])
def test_what_is_no_iterable_of_images_is_refused_at_once(images: Any):
    with pytest.raises(TypeError, match="a stream takes an iterable of images, not"):
        Translator(Negative()).stream(images)
    with pytest.raises(ValueError, match="batch must be an integer above 0, not 0"):
        Translator(Negative()).stream([], batch=0)


def test_threads_share_a_translator():
    translate = Translator(resnet(0))
    images = [np.random.default_rng(k).integers(0, 256, (9 + k % 3, 14, 3), dtype=np.uint8) for k in range(24)]
    expected = [translate(image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(translate, images))
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_options_of_load_that_are_unknown_or_wrong_are_refused(tmp_path: Path):
    path = save(tmp_path / "a.pt", {"ab": resnet(1)})
    with pytest.raises(TypeError, match=r"takes no argument 'sise'; it takes compile, .* Nearest: 'size'"):
        Translator.load(path, sise=3)
    with pytest.raises(CheckpointError, match=r"has no generator 'ba'; it has ab"):
        Translator.load(path, generator="ba")
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        Translator.load(path, size=0)


def test_a_tensor_without_negative_values_is_doubted_once(caplog: pytest.LogCaptureFixture):
    translate = Translator(Negative())
    for _ in range(2):
        translate(torch.linspace(0, 1, 48).view(3, 4, 4))
    translate(torch.linspace(-1, 1, 48).view(3, 4, 4))
    assert caplog.messages == [
        "the float32 tensor (3, 4, 4) holds no value below 0; if it is in 0..1 instead of -1..1, translate x * 2 - 1 "
        "of it"
    ]
