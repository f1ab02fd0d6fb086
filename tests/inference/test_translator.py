from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image
from torch import Tensor, nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.train import train
from i2ikit.errors import DataError, ShapeError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator
from i2ikit.inference import network as network_module

RESNET = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}


class Negative(nn.Module):
    """Inverts colors; takes multiples of 4 only and records the sizes of its inputs."""

    multiple, smallest = 4, 8

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-2] % 4 == 0
        assert x.shape[-1] % 4 == 0
        self.sizes.append(tuple(x.shape[-2:]))
        return -x


class Loud(nn.Module):
    """Outputs values far outside -1..1, random ones in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x) * 9


def save(path: Path, generators: dict[str, nn.Module]) -> Path:
    state = {f"generators.{name}.{key}": v for name, g in generators.items() for key, v in g.state_dict().items()}
    write_checkpoint(path, Checkpoint(config={"model": {"generators": dict.fromkeys(generators, RESNET)}}, model=state))
    return path


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (8, 8), (13, 30)])
def test_outputs_have_the_size_of_their_inputs(height: int, width: int):
    x = torch.rand(2, 3, height, width) * 2 - 1
    generator = Negative()
    assert torch.equal(Translator(generator)(x), -x)
    assert min(generator.sizes[0]) >= 8


def test_the_smallest_image_passes_a_real_generator():
    assert Translator(resnet(0))(torch.zeros(1, 3, 1, 1)).shape == (1, 3, 1, 1)


def test_a_fitting_image_gives_what_the_generator_gives():
    generator, x = resnet(0).eval(), torch.rand(1, 3, 16, 20) * 2 - 1
    with torch.no_grad():
        expected = generator(x)
    assert torch.equal(Translator(generator)(x), expected)


def test_outputs_are_deterministic_and_have_no_graph():
    translate, x = Translator(Loud().train()), torch.rand(1, 3, 4, 4)
    first = translate(x)
    assert torch.equal(first, translate(x))
    assert not first.requires_grad


def test_outputs_stay_within_the_range_of_images():
    output = Translator(Loud())(torch.tensor([-1.0, 0.05, 1.0]).view(1, 1, 1, 3))
    assert output.flatten().tolist() == pytest.approx([-1, 0.45, 1])


def test_size_is_the_shorter_side_of_what_the_generator_gets():
    generator = Negative()
    output = Translator(generator, size=16)(torch.full((1, 3, 40, 80), 0.25))
    assert generator.sizes == [(16, 32)]
    assert output.shape == (1, 3, 40, 80)
    assert torch.allclose(output, torch.tensor(-0.25), atol=1e-6)


def test_wrong_sizes_and_shapes_are_refused():
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        Translator(Negative(), size=0)
    with pytest.raises(ShapeError, match=r"needs images \(B, C, H, W\), got \(3, 4, 4\)"):
        Translator(Negative())(torch.zeros(3, 4, 4))


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
    assert [record.getMessage().count("1.png has 33 x 40 pixels") for record in caplog.records] == [1] * warnings
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
    for config, expected in (({"data": data}, 36), ({"data": {"train": {"type": "UnpairedFolders"}}}, None), ({}, 256)):
        full = {"model": {"generators": {"ab": RESNET}}, **config}
        write_checkpoint(tmp_path / "a.pt", Checkpoint(config=full, model=weights))
        assert Translator.load(tmp_path / "a.pt").training_size == expected
