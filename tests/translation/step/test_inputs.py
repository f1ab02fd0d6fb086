"""Passes with more inputs than an image: each has its own, one call serves many, and gradient flows through all."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.errors import ShapeError
from i2ikit.interfaces import ExtraInput, Read
from i2ikit.interfaces.progress import Progress
from i2ikit.nn.staged import StagedGenerator
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.translation import RandomStreams
from i2ikit.views.base import View
from i2ikit.views.image_pool import ImagePool
from i2ikit.views.mirror import Mirror

AB, DB = "generators.ab", "discriminators.b"


class Styled(nn.Module):
    """Adds a style to each channel, scaled by a position."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.shift = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(2, 4)

    def forward(self, x: Tensor, style: Tensor, position: Tensor) -> Tensor:
        return self.conv(x) + (self.shift(style) * position[:, None])[:, :, None, None]


class StyledGenerator(StagedGenerator):
    extra_inputs = (ExtraInput("style", "vector", 2), ExtraInput("d", "scalar", default=1.0))

    def __init__(self) -> None:
        stages = [("styled", Styled(), 4), ("out", nn.Sequential(nn.Conv2d(4, 3, 3, padding=1), nn.Tanh()), 3)]
        super().__init__(3, stages, multiple=1)
        self.calls: list[int] = []

    def advance(
        self, name: str, stage: Callable[..., Tensor], value: Tensor, kept: list[Tensor], *extra: Tensor
    ) -> Tensor:
        return stage(value, *extra) if name == "styled" else stage(value)

    def trace(self, x: Tensor, taps: Iterable[str], *extra: Tensor) -> dict[str, Tensor]:
        self.calls.append(len(x))
        return super().trace(x, taps, *extra)


class StyleEncoder(nn.Module):
    """A style (B, 2) of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean((2, 3)))


class Normal(View):
    """A latent (B, size) for each image."""

    arguments = 0

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.size = size

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        streams = image_generators(sample, expression, first, len(image))
        return torch.stack([torch.randn(self.size, generator=stream) for stream in streams]).to(image)


class Timed(nn.Module):
    """A discriminator that also sees a time."""

    extra_inputs = (ExtraInput("t", "scalar"),)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 4, stride=2)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return (self.conv(x) + t[:, None, None, None]).sin()


@pytest.fixture
def styled(model):
    """Return a function that makes a model with an extra input from its phases."""

    def make(phases: Any, **options: Any) -> Any:
        generators = {"ab": StyledGenerator(), "style": StyleEncoder()}
        views = {"z": Normal(), **options.pop("views", {})}
        return model(phases, generators=generators, discriminators={"b": Timed()}, heads={}, views=views, **options)

    return make


@pytest.fixture
def seen(silent):
    """Return a term that keeps the images it reads, by expression."""

    def make(*texts: str, network: str = "") -> Any:
        def ask(step: Any) -> Tensor:
            term.images = {text: step.image(text) for text in texts}
            return torch.stack([x.mean() for x in term.images.values()]).sum()

        term = silent([Read(text) for text in texts], ask)
        return term

    return make


def latent(images: Tensor) -> Tensor:
    """Return the value of ``z`` in the first step."""
    seed = random_seed(RandomStreams(0, 1).generator("view/z"))
    return Normal()(images, sample=seed, expression="")


def test_one_call_serves_passes_of_different_inputs(styled, trainer, batch, seen):
    texts = ("ab(a, z, 0)", "ab(a, z)", "ab(b, style(a), d=0.5)")
    term = seen(*texts)
    built = styled({"generate": ([AB, "generators.style"], {"x": term})})
    z = latent(batch["a"])
    with torch.no_grad():
        network, style = built.generators["ab"], built.generators["style"]
        expected = [
            network(batch["a"], z, torch.zeros(1).double()),
            network(batch["a"], z),
            network(batch["b"], style(batch["a"]), torch.full((1,), 0.5).double()),
        ]
    network.calls.clear()
    run = trainer(built)
    run.step(batch)
    assert network.calls == [2, 1]  # the third one needs the style encoder first, so it is deeper
    for text, image in zip(texts, expected, strict=True):
        torch.testing.assert_close(term.images[text].detach(), image)
    assert run.reached["generate"] == {AB, "generators.style"}


def test_passes_that_differ_in_a_number_alone_are_two(styled, trainer, batch, seen):
    term = seen("ab(a, z(1))", "ab(a, z(2))", "ab(a, z(1), d=1)")
    trainer(styled({"generate": ([AB], {"x": term})})).step(batch)
    one, other, same = term.images.values()
    assert not torch.equal(one, other)
    assert torch.equal(one, same)


def test_views_of_one_stream_have_one_sample(styled, trainer, batch, seen):
    views = {"w": Normal(), "v": Normal()}
    views["w"].stream = views["v"].stream = "shared"
    term = seen("w", "v", "z")
    trainer(styled({"generate": ([AB], {"x": term, "y": seen("ab(a, z)")})}, views=views)).step(batch)
    w, v, z = term.images.values()
    assert torch.equal(w, v)
    assert not torch.equal(w, z)


def test_a_latent_of_an_image_is_the_same_however_the_step_is_split(styled, batch, seen):
    term = seen("z")
    built = styled({"generate": ([AB], {"x": term, "y": seen("ab(a, z)")})})
    images = {name: torch.cat([x, x, x]) for name, x in batch.items()}

    def latents(batches: list[dict[str, Tensor]], firsts: list[int]) -> list[Tensor]:
        found: list[Tensor] = []
        streams = [RandomStreams(0, 1, first=first) for first in firsts]
        built.train_step(batches, lambda *_: found.append(term.images["z"].detach()), Progress(1, 1, 1, 1), streams)
        return found

    (whole,) = latents([images], [0])
    parts = latents([{name: x[:2] for name, x in images.items()}, {name: x[2:] for name, x in images.items()}], [0, 2])
    assert torch.equal(whole, torch.cat(parts))


def test_a_discriminator_takes_its_condition_from_the_list_of_its_inputs(styled, trainer, batch, silent):
    def ask(step: Any) -> Tensor:
        term.logits = step.logits("b", "ab(a, z), t=0.5")[0]
        return term.logits.mean()

    term = silent([Read.logits_of("b", "ab(a, z), 0.5"), Read("ab(a, z)")], ask)
    reads = [Read.logits_of("b", "ab(a, z), 0.25")]
    other = silent(reads, lambda step: step.logits("b", "ab(a, z), 0.25")[0].mean())
    built = styled({"discriminate": ([DB], {"d": term}), "generate": ([AB], {"g": other})})
    run = trainer(built)
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"], latent(batch["a"]))
        expected = built.discriminators["b"](fake, torch.tensor([0.5]).double())
    run.step(batch)
    torch.testing.assert_close(term.logits.detach(), expected)
    assert run.reached == {"discriminate": {DB}, "generate": {AB}}


def test_the_leaf_of_a_penalty_is_the_image_alone(styled, trainer, batch, silent):
    def ask(step: Any) -> Tensor:
        image, (logits,) = step.leaf("b", "b, t=0.5")
        (gradient,) = torch.autograd.grad(logits.sum(), image, create_graph=True)
        return gradient.square().sum()

    built = styled({"discriminate": ([DB], {"r1": silent([Read.logits_of("b", "b, t=0.5", leaf=True)], ask)})})
    run = trainer(built)
    assert run.step(batch)["r1"] > 0
    assert run.reached["discriminate"] == {DB}


def test_plain_and_joined_steps_have_equal_losses(styled, trainer, batch, seen):
    values = []
    for plain in (False, True):
        built = styled({"generate": ([AB], {"x": seen("ab(a, z)", "ab(b, z(1), 0)", "ab(ab(a, z), z, 0)")})})
        built.plain = plain
        values.append(trainer(built).step(batch)["x"].item())
    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_an_input_of_another_shape_names_pass_and_input(styled, trainer, batch, seen):
    built = styled({"generate": ([AB], {"x": seen("ab(a, b)")})})
    with pytest.raises(
        ShapeError, match=r"a, b, 1: input 'style' is a vector \(B, 2\), B = 1; got float64 \(1, 3, 8, 8\)"
    ):
        trainer(built).step(batch)


def test_passes_inside_an_opaque_view_are_made_without_graph(model, trainer, batch, pixel):
    phases = {"generate": ([AB], {"x": pixel("ab(pool(ab(a)))", "b")})}
    built = model(phases, views={"pool": ImagePool(1)})
    trainer(built).step(batch)
    assert [call.graph for call in built.generators["ab"].calls] == [False, True]


def test_a_view_that_stays_at_test_is_rendered_and_a_random_value_too(styled, batch, seen):
    phases = {"generate": ([AB], {"x": seen("ab(mirror(a), z)")})}
    mirror = Mirror(1.0)
    built = styled(phases, views={"mirror": mirror})
    plain = built.render(batch, ["ab(mirror(a), z)"])["ab(mirror(a), z)"]
    assert torch.equal(plain, built.render(batch, ["ab(a, z)"])["ab(a, z)"])
    mirror.at_test = True
    flipped = {"a": batch["a"].flip(-1)}
    rendered = built.render(batch, ["ab(mirror(a), z)"])["ab(mirror(a), z)"]
    assert torch.equal(rendered, built.render(flipped, ["ab(a, z)"])["ab(a, z)"])


def test_a_tap_is_an_image(styled, trainer, batch, seen):
    term = seen("ab(a, z).styled")
    built = styled({"generate": ([AB], {"x": term})})
    built.generators["ab"].calls.clear()
    run = trainer(built)
    run.step(batch)
    assert term.images["ab(a, z).styled"].shape == (1, 4, 8, 8)
    assert built.render(batch, ["ab(a, z).styled"])["ab(a, z).styled"].shape == (1, 4, 8, 8)
    untouched = {name for name, x in built.generators["ab"].named_parameters() if x.grad is None}
    assert untouched == {"stages.out.0.weight", "stages.out.0.bias"}  # the pass ended at the tap
