"""A generator with a second input, from check to resume: AdaIN with a random style, or with that of an image."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from i2ikit.config.trial import trial_error
from i2ikit.config.validate import find_errors
from i2ikit.engine.train import train
from i2ikit.interfaces import ExtraInput
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS

L1 = {"type": "L1Loss"}


class AdaIN(nn.Module):
    """Instance norm whose scale and shift are made of a style."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.conv, self.style = nn.Conv2d(channels, channels, 3, padding=1), nn.Linear(size, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.style(style)[:, :, None, None].chunk(2, dim=1)
        return (1 + scale) * nn.functional.instance_norm(self.conv(x)) + shift


class StyledGenerator(StagedGenerator):
    """One convolution, AdaIN, and the image."""

    def __init__(self, size: int = 4) -> None:
        stages = [
            ("stem", nn.Conv2d(3, 8, 3, padding=1), 8),
            ("adain", AdaIN(8, size), 8),
            ("out", nn.Sequential(nn.Conv2d(8, 3, 3, padding=1), nn.Tanh()), 3),
        ]
        super().__init__(3, stages, multiple=1)
        self.extra_inputs = (ExtraInput("style", "vector", size),)

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        return stage(value, *extra) if name == "adain" else stage(value)


class StyleEncoder(nn.Module):
    """The style of an image, (B, size)."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 8, 4, stride=4), nn.Linear(8, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.conv(x).relu().mean((2, 3)))


@pytest.fixture
def styled(cut):
    parts = (StyledGenerator, StyleEncoder)
    for part in parts:
        GENERATORS.register_module()(part)
    judged = {"discriminator": "b", "loss": {"type": "LSGANLoss"}}
    back = {"type": "PixelTerm", "loss": L1}
    cut["model"] = {
        "type": "UnpairedTranslation",
        "generators": {"ab": {"type": "StyledGenerator"}, "style": {"type": "StyleEncoder"}},
        "discriminators": {"b": cut["model"]["discriminators"]["b"]},
        "views": {"z": {"type": "Latent", "size": 4}},
        "images": {"fake": "ab(a, z)"},
        "outputs": {"ab": "fake"},
        "phases": {
            "discriminate": {
                "update": ["discriminators"],
                "terms": {"d": {"type": "DiscriminatorTerm", "real": "b", "fake": "fake", **judged}},
            },
            "generate": {
                "update": ["generators"],
                "terms": {
                    "gan": {"type": "AdversarialTerm", "image": "fake", **judged},
                    "image": {**back, "image": "ab(b, style(b))", "target": "b"},
                    "style": {**back, "image": "style(fake)", "target": "z"},
                },
            },
        },
    }
    cut["train"]["steps"] = 4
    yield cut
    for part in parts:
        del GENERATORS.module_dict[part.__name__]


@pytest.mark.slow
def test_it_is_checked_trained_and_resumed_bit_for_bit(styled, tmp_path, state_of, assert_same):
    assert trial_error(styled, dict.fromkeys("ab", (1, 3, 32, 32))) is None
    train(styled, work_dir=tmp_path / "whole")
    train(styled, work_dir=tmp_path / "parts", pause_at=2)
    torch.manual_seed(5)
    train(styled, work_dir=tmp_path / "parts", resume=True)
    assert_same(state_of(tmp_path / "parts", 4), state_of(tmp_path / "whole", 4))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("ab(b)", r"'ab' in 'ab\(b\)' needs its input 'style', a vector, which has no default"),
        ("ab(b, stile=z)", r"no input 'stile' of 'ab' in .* Nearest: 'style'"),
    ],
)
def test_a_wrong_second_input_is_found_by_the_check(styled, image, message):
    assert find_errors(styled) == []
    styled["model"]["phases"]["generate"]["terms"]["image"]["image"] = image
    (error,) = find_errors(styled)
    assert error.path == "model.phases.generate.terms.image"
    assert re.search(message, error.message), error.message


def test_an_input_of_another_shape_is_found_by_the_trial(styled):
    styled["model"]["phases"]["generate"]["terms"]["image"]["image"] = "ab(b, a)"
    error = trial_error(styled, dict.fromkeys("ab", (1, 3, 32, 32)))
    assert error is not None
    assert error.path == "model.phases.generate.terms.image"
    assert "input 'style' is a vector (B, 4), B = 1; got float32 (1, 3, 32, 32)" in error.message
