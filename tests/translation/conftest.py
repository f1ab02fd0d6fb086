"""Tiny networks that remember their calls, and a trainer that remembers its updates."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.interfaces import Read
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.losses.patch_nce import PatchNCELoss
from i2ikit.losses.pixel import L1Loss
from i2ikit.nn.staged import StagedGenerator
from i2ikit.samplers.grid import GridSampler
from i2ikit.schedules import Constant
from i2ikit.terms.adversarial import AdversarialTerm, DiscriminatorTerm
from i2ikit.terms.base import Term
from i2ikit.terms.patch import PatchTerm
from i2ikit.terms.pixel import PixelTerm
from i2ikit.translation import Phase, Progress, RandomStreams, UnpairedTranslation, WeightedTerm
from i2ikit.views.base import View


@dataclass(frozen=True)
class Call:
    """One call of a network: how many images, which taps, whether a graph was made."""

    images: int
    taps: tuple[str, ...]
    graph: bool


class ToyGenerator(StagedGenerator):
    """Four stages of one channel more than the image has; ``norm`` is what follows the first convolution."""

    def __init__(self, norm: nn.Module | None = None) -> None:
        stages = [
            ("enc", nn.Conv2d(3, 4, 3, padding=1), 4),
            ("norm", nn.InstanceNorm2d(4) if norm is None else norm, 4),
            ("dec", nn.Conv2d(4, 4, 3, padding=1), 4),
            ("out", nn.Sequential(nn.Conv2d(4, 3, 3, padding=1), nn.Tanh()), 3),
        ]
        super().__init__(3, stages, multiple=1)
        self.calls: list[Call] = []

    def trace(self, x: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        taps = tuple(taps)
        self.calls.append(Call(len(x), taps, torch.is_grad_enabled()))
        return super().trace(x, taps)


class ToyDiscriminator(nn.Module):
    """One score for each 4 x 4 patch, or for each of two scales."""

    def __init__(self, scales: int = 1) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 1, 4, stride=2) for _ in range(scales))
        self.calls: list[Call] = []

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        self.calls.append(Call(len(x), (), torch.is_grad_enabled()))
        scores = [conv(x).sin() for conv in self.convs]  # bent, so that a gradient penalty has a gradient
        return scores if len(scores) > 1 else scores[0]


class ToyHead(nn.Linear):
    """One linear layer of four channels for all layers and both roles."""

    def __init__(self) -> None:
        super().__init__(4, 5)

    def forward(self, x: Tensor, layer: int = 0, role: str = "query") -> Tensor:
        return nn.functional.normalize(super().forward(x), dim=-1)


@dataclass
class Trainer:
    """Updates a model and remembers, phase by phase, the loss and which networks had a gradient."""

    model: UnpairedTranslation
    rate: float = 0.1
    order: list[str] = field(default_factory=list)
    losses: dict[str, Tensor] = field(default_factory=dict)
    reached: dict[str, set[str]] = field(default_factory=dict)
    gradients: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    def update(self, phase: str, loss: Tensor) -> None:
        self.order.append(phase)
        self.losses[phase] = loss.detach()
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        given = {name: p.grad.clone() for name, p in self.model.named_parameters() if p.grad is not None}
        self.gradients[phase] = given
        self.reached[phase] = {".".join(name.split(".")[:2]) for name, g in given.items() if g.abs().sum() > 0}
        with torch.no_grad():
            for name in self.model.phases[phase].update:
                for parameter in self.model.networks[name].parameters():
                    if parameter.grad is not None:
                        parameter -= self.rate * parameter.grad

    def step(self, batch: Mapping[str, Tensor], number: int = 1, epoch: int = 1) -> dict[str, Tensor]:
        return self.model.train_step([batch], self.update, Progress(epoch, number, 10, 100), [RandomStreams(0, number)])


@pytest.fixture
def batch() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(1, 3, 8, 8, generator=generator, dtype=torch.float64) * 2 - 1 for name in "ab"}


@pytest.fixture
def networks() -> Callable[..., Any]:
    """Return the toy classes by kind."""
    return lambda kind: {"generator": ToyGenerator, "discriminator": ToyDiscriminator, "head": ToyHead}[kind]


@pytest.fixture
def model() -> Callable[..., UnpairedTranslation]:
    def make(
        phases: Mapping[str, tuple[list[str], Mapping[str, Term | WeightedTerm]]],
        *,
        generators: Mapping[str, nn.Module] | None = None,
        discriminators: Mapping[str, nn.Module] | None = None,
        heads: Mapping[str, nn.Module] | None = None,
        views: Mapping[str, View] | None = None,
    ) -> UnpairedTranslation:
        torch.manual_seed(1)
        weighted = {
            name: Phase(
                name,
                tuple(update),
                {key: t if isinstance(t, WeightedTerm) else WeightedTerm(t, Constant(1.0)) for key, t in terms.items()},
            )
            for name, (update, terms) in phases.items()
        }
        return UnpairedTranslation(
            {"ab": ToyGenerator(), "ba": ToyGenerator()} if generators is None else generators,
            {"a": ToyDiscriminator(), "b": ToyDiscriminator()} if discriminators is None else discriminators,
            {"f": ToyHead()} if heads is None else heads,
            views or {},
            weighted,
        ).double()

    return make


@pytest.fixture
def trainer() -> type[Trainer]:
    return Trainer


# Terms and objectives that several modules try.

GAN = LSGANLoss()


@pytest.fixture
def adversarial() -> Callable[..., AdversarialTerm]:
    return lambda image="ab(a)", discriminator="b": AdversarialTerm(discriminator, image, GAN)


@pytest.fixture
def discriminating() -> Callable[..., DiscriminatorTerm]:
    return lambda fake="ab(a)", real="b": DiscriminatorTerm(real, real, fake, GAN)


@pytest.fixture
def pixel() -> Callable[..., PixelTerm]:
    return lambda image, target: PixelTerm(image, target, L1Loss())


@pytest.fixture
def patch() -> Callable[..., PatchTerm]:
    def make(query: str, key: str, *, taps: tuple[Any, ...] = ("enc", "dec"), **options: Any) -> PatchTerm:
        options = {"loss": PatchNCELoss(), "sampler": GridSampler(), **options}
        return PatchTerm(("ab", query), ("ab", key), taps, "f", **options)

    return make


class Silent(Term):
    """Announces one read and makes another."""

    def __init__(self, listed: list[Read], ask: Callable[[Any], Tensor]) -> None:
        super().__init__()
        self.listed, self.ask = listed, ask

    def reads(self) -> list[Read]:
        return self.listed

    def forward(self, step: Any) -> Tensor:
        return self.ask(step)


@pytest.fixture
def silent() -> type[Silent]:
    return Silent


@pytest.fixture
def cut_phases(adversarial, discriminating, patch) -> Callable[[], dict[str, Any]]:
    def make() -> dict[str, Any]:
        terms = {"gan": adversarial(), "content": patch("ab(a)", "a"), "identity": patch("ab(b)", "b")}
        return {
            "discriminate": (["discriminators.b"], {"d": discriminating()}),
            "generate": (["generators.ab", "heads.f"], terms),
        }

    return make


@pytest.fixture
def cyclegan_phases(adversarial, discriminating, pixel) -> Callable[[], dict[str, Any]]:
    def make() -> dict[str, Any]:
        generate = {
            "gan_ab": adversarial(),
            "gan_ba": adversarial("ba(b)", "a"),
            "cycle_a": pixel("ba(ab(a))", "a"),
            "cycle_b": pixel("ab(ba(b))", "b"),
            "identity_a": pixel("ba(a)", "a"),
            "identity_b": pixel("ab(b)", "b"),
        }
        discriminate = {"d_b": discriminating("pool(ab(a))"), "d_a": discriminating("pool(ba(b))", "a")}
        return {
            "generate": (["generators.ab", "generators.ba"], generate),
            "discriminate": (["discriminators.a", "discriminators.b"], discriminate),
        }

    return make
