from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError, ShapeError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator

RESNET = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}


class Negative(nn.Module):
    """Inverts colors; takes multiples of 4 only and remembers the sizes it met."""

    multiple, smallest = 4, 8

    def __init__(self) -> None:
        super().__init__()
        self.met: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-2] % 4 == 0
        assert x.shape[-1] % 4 == 0
        self.met.append(tuple(x.shape[-2:]))
        return -x


class Loud(nn.Module):
    """Answers far outside -1..1, and at random while in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x) * 9


def save(path: Path, generators: dict[str, nn.Module], config: object = None, **more: object) -> Path:
    configs = dict.fromkeys(generators, RESNET) if config is None else config
    state = {f"generators.{name}.{key}": v for name, g in generators.items() for key, v in g.state_dict().items()}
    write_checkpoint(path, Checkpoint(config={"model": {"generators": configs}}, model=state, **more))
    return path


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (8, 8), (13, 30)])
def test_any_size_comes_back_as_it_went_in(height: int, width: int):
    x = torch.rand(2, 3, height, width) * 2 - 1
    generator = Negative()
    assert torch.equal(Translator(generator)(x), -x)
    assert min(generator.met[0]) >= 8


def test_the_smallest_image_passes_a_real_generator():
    assert Translator(resnet(0))(torch.zeros(1, 3, 1, 1)).shape == (1, 3, 1, 1)


def test_a_fitting_image_gives_what_the_generator_gives():
    generator, x = resnet(0).eval(), torch.rand(1, 3, 16, 20) * 2 - 1
    with torch.no_grad():
        expected = generator(x)
    assert torch.equal(Translator(generator)(x), expected)


def test_nothing_is_drawn_and_no_graph_is_kept():
    translate, x = Translator(Loud().train()), torch.rand(1, 3, 4, 4)
    first = translate(x)
    assert torch.equal(first, translate(x))
    assert not first.requires_grad


def test_outputs_stay_within_the_range_of_images():
    output = Translator(Loud())(torch.tensor([-1.0, 0.05, 1.0]).view(1, 1, 1, 3))
    assert output.flatten().tolist() == pytest.approx([-1, 0.45, 1])


def test_a_size_is_that_of_the_shorter_side_and_only_the_generator_sees_it():
    generator = Negative()
    output = Translator(generator, size=16)(torch.full((1, 3, 40, 80), 0.25))
    assert generator.met == [(16, 32)]
    assert output.shape == (1, 3, 40, 80)
    assert torch.allclose(output, torch.tensor(-0.25), atol=1e-6)


def test_a_size_of_zero_is_refused():
    with pytest.raises(ValueError, match="size must be a whole number above 0, not 0"):
        Translator(Negative(), size=0)


def test_one_image_without_a_batch_axis_is_refused():
    with pytest.raises(ShapeError, match=r"needs images \(B, C, H, W\), got \(3, 4, 4\)"):
        Translator(Negative())(torch.zeros(3, 4, 4))


def test_a_checkpoint_gives_the_generator_that_was_trained(tmp_path: Path):
    generator, x = resnet(1), torch.rand(1, 3, 16, 16)
    path = save(tmp_path / "a.pt", {"only": generator})
    assert torch.equal(Translator.from_checkpoint(path)(x), Translator(generator)(x))


def test_the_first_generator_is_meant_unless_another_is_named(tmp_path: Path):
    ab, ba, x = resnet(1), resnet(2), torch.rand(1, 3, 16, 16)
    path = save(tmp_path / "a.pt", {"ab": ab, "ba": ba})
    assert torch.equal(Translator.from_checkpoint(path)(x), Translator(ab)(x))
    assert torch.equal(Translator.from_checkpoint(path, "ba")(x), Translator(ba)(x))


def test_an_unknown_generator_is_answered_with_the_nearest(tmp_path: Path):
    path = save(tmp_path / "a.pt", {"day": resnet(1), "night": resnet(2)})
    with pytest.raises(CheckpointError, match=r"no generator 'nigth'; it has day, night. Nearest: 'night'"):
        Translator.from_checkpoint(path, "nigth")


def test_a_part_that_is_not_installed_is_named_with_the_plugins_of_the_run(tmp_path: Path):
    plugins = {"i2ikit-wavelets": {"package": "i2ikit-wavelets", "version": "1.2"}}
    path = save(tmp_path / "a.pt", {"ab": resnet(1)}, {"ab": {"type": "WaveletGenerator"}}, plugins=plugins)
    message = r"(?s)no generator is called 'WaveletGenerator'.*i2ikit-wavelets 1\.2: .*pip install"
    with pytest.raises(CheckpointError, match=message):
        Translator.from_checkpoint(path)


def test_weights_of_another_width_are_refused_by_the_name_of_the_file(tmp_path: Path):
    path = save(tmp_path / "a.pt", {"ab": resnet(1)}, {"ab": {**RESNET, "filters": 8}})
    with pytest.raises(CheckpointError, match=r"weights in .*a\.pt do not fit the generator 'ab'"):
        Translator.from_checkpoint(path)


def test_a_config_without_generators_is_refused(tmp_path: Path):
    path = save(tmp_path / "a.pt", {"ab": resnet(1)}, [])
    with pytest.raises(CheckpointError, match=r"the config inside .*a\.pt names no generators"):
        Translator.from_checkpoint(path)


def test_every_value_of_a_pixel_is_translated_to_its_own(tmp_path: Path):
    ramp = Image.frombytes("RGB", (16, 16), bytes(value for value in range(256) for _ in range(3)))
    ramp.save(tmp_path / "ramp.png")
    assert Translator(Negative()).translate_path(tmp_path / "ramp.png", tmp_path / "out.png") == 1
    with Image.open(tmp_path / "out.png") as output:
        assert list(output.getchannel("G").tobytes()) == list(range(255, -1, -1))


def test_the_average_of_a_generator_is_taken_unless_another_is_named(tmp_path: Path):
    networks = {"ab": resnet(0), "ab_slow": resnet(1)}
    path = tmp_path / "step.pt"
    state = {f"generators.{name}.{key}": v for name, g in networks.items() for key, v in g.state_dict().items()}
    averages = {"ab_slow": {"of": "generators.ab", "momentum": 0.9}, "f_slow": {"of": "heads.f"}}
    write_checkpoint(
        path, Checkpoint(config={"model": {"generators": {"ab": RESNET}, "averages": averages}}, model=state)
    )
    x = torch.rand(1, 3, 8, 8) * 2 - 1
    slow = Translator.from_checkpoint(path, "ab_slow")
    assert torch.equal(slow(x), Translator(networks["ab_slow"])(x))
    assert torch.equal(Translator.from_checkpoint(path)(x), slow(x))  # the default, where there is one
    assert torch.equal(Translator.from_checkpoint(path, "ab")(x), Translator(networks["ab"])(x))
    with pytest.raises(CheckpointError, match="it has ab_slow, ab"):
        Translator.from_checkpoint(path, "f_slow")
