from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image
from torch import Tensor, nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.train import train
from i2ikit.errors import ShapeError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator

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
    assert torch.equal(Translator.from_checkpoint(path)(x), Translator(ab)(x))
    assert torch.equal(Translator.from_checkpoint(path, "ba")(x), Translator(ba)(x))


def test_every_value_of_a_pixel_is_translated_to_its_own(tmp_path: Path):
    ramp = Image.frombytes("RGB", (16, 16), bytes(value for value in range(256) for _ in range(3)))
    ramp.save(tmp_path / "ramp.png")
    assert Translator(Negative()).translate_path(tmp_path / "ramp.png", tmp_path / "out.png") == 1
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
    translate = Translator.from_checkpoint(result.checkpoint)
    assert torch.equal(translate(image), rendering.output)
    assert torch.equal(translate(image), rendering.output)  # nothing is random, nothing was updated
    other = torch.cat([image, -image])
    assert torch.allclose(translate(other)[:1], rendering.output, atol=1e-6)  # whatever else is in the batch
