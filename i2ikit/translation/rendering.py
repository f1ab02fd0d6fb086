"""Images outside of training: expressions are computed with given generators, and with the views that stay there."""

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from i2ikit.interfaces.progress import Progress
from i2ikit.translation.calls import call, filled
from i2ikit.translation.expressions import Expression
from i2ikit.translation.language import Language
from i2ikit.translation.outputs import entered_by
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.translation.view_samples import ViewSamples
from i2ikit.views.base import View

AT_THE_END = Progress(1, 1, 1, 1)
SEEDS = 8  # that tell whether a view is random
VECTOR = 2  # axes of a value of each image
TRIAL = 256  # pixels of the side of the image that shows how generators of a composition scale


@dataclass(frozen=True)
class FixedSamples:
    """The random values of views outside of training: equal for equal seeds and places, whatever the batches are.

    Attributes:
        seed: >= 0.
        places: of the images of a batch, each >= 0, which give them other values than images at other places; a single
            number is the place of the first image of a batch, whose others follow.
        shared: all images of a batch have the first of the places, as the frames of a video.
    """

    seed: int = 0
    places: int | Sequence[int] = 0
    shared: bool = False

    @property
    def first(self) -> int:
        """The place of the first image of a batch."""
        return self.places if isinstance(self.places, int) else self.places[0]

    def row(self, index: int) -> "FixedSamples":
        """Return the samples of one image of a batch, as a batch of its own."""
        place = self.first + index if isinstance(self.places, int) else self.places[index]
        return self if self.shared else replace(self, places=[place])

    def views(self, language: Language) -> ViewSamples:
        """Return the samples of the views of a model."""
        return ViewSamples(language, RandomStreams(self.seed, 0), AT_THE_END, testing=True)


class Rendering:
    """Computes image expressions of a batch; each image once.

    Args:
        generators: by name.
        views: their samples.
        images: the real ones by name, each (B, C, H, W) in -1..1; the first one tells views of no images the batch.
        places: see :class:`FixedSamples`.
    """

    def __init__(
        self,
        generators: Mapping[str, nn.Module] | nn.ModuleDict,
        views: ViewSamples,
        images: Mapping[str, Tensor],
        places: int | Sequence[int],
    ) -> None:
        self._generators, self._views, self._images, self._places = generators, views, images, places
        self._done: dict[Expression, Tensor] = {}

    def image(self, expression: Expression) -> Tensor:
        """Return the image of an expression, as :meth:`ViewSamples.inputs` returns it."""
        if expression.name in self._images:
            return self._images[expression.name]
        if expression not in self._done:
            given = [self.image(argument) for argument in expression.arguments if argument.number is None]
            if expression.name in self._generators:
                network = self._generators[expression.name]
                inputs = filled(network, expression.arguments, given)
                self._done[expression] = call(network, inputs, (expression.tap,))[expression.tap]
            else:
                self._done[expression] = self._viewed(expression, given)
        return self._done[expression]

    def _viewed(self, expression: Expression, given: Sequence[Tensor]) -> Tensor:
        like = next(iter(self._images.values()))
        if isinstance(self._places, int):
            return self._views.apply(expression, given, like, self._places)
        rows = [[x[index : index + 1] for x in (like, *given)] for index in range(len(like))]
        return torch.cat(
            [
                self._views.apply(expression, row[1:], row[0], place)
                for row, place in zip(rows, self._places, strict=True)
            ]
        )


class OutputNetwork(nn.Module):
    """A translation that is more than one call of a generator, as a network of its own.

    Args:
        expression: of the translation.
        reads: names of the real images in it; the first one is what the network takes.
        generators, views: those in it, by name.
        images: expressions by the name that stands for them, for views that unfold.

    Attributes:
        in_channels: of the image; missing where its generator does not tell.
        multiple, smallest: pixels that height and width must be multiples of, and at least, for all generators.
        reads: names of the real images in it.
        random: whether its views draw other values for another seed.
    Shape:
        (B, C, H, W) in -1..1 -> (B, C_out, H, W) in -1..1.
    """

    def __init__(
        self,
        expression: Expression,
        reads: Sequence[str],
        generators: Mapping[str, nn.Module],
        views: Mapping[str, nn.Module],
        images: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.generators, self.views = nn.ModuleDict(generators), nn.ModuleDict(views)
        self.expression, self.source, self.reads = expression, reads[0], tuple(reads)
        networks = {f"generators.{name}": network for name, network in generators.items()}
        self._language = Language(networks, cast(Mapping[str, View], views), real=reads, named=images)
        first = entered_by(expression, self.source, generators)
        if first is not None and hasattr(generators[first], "in_channels"):
            self.in_channels = int(cast(Any, generators[first]).in_channels)
        self._take(FixedSamples(shared=True), {})
        self.random = bool(self._random_views())
        self.multiple, self.smallest = _sizes(self)

    def forward(self, image: Tensor) -> Tensor:
        """Return the translated images.

        Raises:
            ValueError: it reads something besides the image that is not given.
        """
        missing = [name for name in self.reads[1:] if name not in self.images]
        if missing:
            raise ValueError(f"{self.expression} reads {missing[0]!r} besides {self.source!r}, which is not given")
        images = {self.source: image}
        for name, x in self.images.items():
            moved = x.to(image) if x.is_floating_point() else x.to(image.device)
            images[name] = moved.expand(len(image), *x.shape[1:])
        places = [self.samples.first] * len(image) if self.samples.shared else self.samples.places
        return Rendering(self.generators, self._views, images, places).image(self._image)

    def given(self, samples: FixedSamples, images: Mapping[str, Tensor] | None = None) -> "OutputNetwork":
        """Return a network with the same weights for batches whose images have these places.

        Args:
            samples: of the views.
            images: what it reads besides the image, by name: (B, C, H, W), or of one image for all.
        """
        found = copy(self)
        found._take(samples, images or {})
        return found

    def row(self, index: int) -> "OutputNetwork":
        """Return the network that :meth:`given` returns for one image of the batch."""
        images = {name: x[index : index + 1] if len(x) > 1 else x for name, x in self.images.items()}
        return self.given(self.samples.row(index), images)

    def needs_whole_images(self) -> str:
        """Return why a part of an image must not be translated by itself; empty if it may."""
        if len(self.reads) > 1:
            return f"{self.expression} reads {', '.join(self.reads[1:])} besides {self.source}"
        for name in self._random_views():
            like, view = torch.zeros(1, 1, 8, 8), self._language.views[name]
            if view is None or view.arguments or self._views.apply(Expression(name), [], like, 0).ndim > VECTOR:
                return f"{name!r} in {self.expression} draws random numbers for each pixel"
        return ""

    def _random_views(self) -> list[str]:
        """Return the names of the views that stay, and whose samples depend on the seed."""
        drawn: dict[str, set[str]] = {}
        for seed in range(SEEDS):
            views = FixedSamples(seed).views(self._language)
            views.inputs("", str(self.expression))
            for name, sample in views.samples.items():
                drawn.setdefault(name, set()).add(repr(sample))
        return [name for name, samples in drawn.items() if len(samples) > 1]

    def _take(self, samples: FixedSamples, images: Mapping[str, Tensor]) -> None:
        self.images = {name: x for name, x in images.items() if name != self.source}
        self._views, self.samples = samples.views(self._language), samples
        (self._image,) = self._views.inputs("", str(self.expression))


def _sizes(network: OutputNetwork) -> tuple[int, int]:
    """Return ``multiple`` and ``smallest`` of a composition: those of its generators, in pixels of its own image."""
    sides: dict[str, int] = {}

    def note(name: str, _: nn.Module, inputs: Any) -> None:
        sides.setdefault(name, inputs[0].shape[-1])

    handles = [each.register_forward_pre_hook(partial(note, name)) for name, each in network.generators.items()]
    try:
        with torch.no_grad():
            _on_meta(network)
    finally:
        for handle in handles:
            handle.remove()
    multiple, smallest = 1, 1
    for name, generator in network.generators.items():
        scale = max(1, round(TRIAL / sides.get(name, TRIAL)))
        multiple = math.lcm(multiple, scale * int(getattr(generator, "multiple", 1)))
        smallest = max(smallest, scale * int(getattr(generator, "smallest", 1)))
    return multiple, smallest


def _on_meta(network: OutputNetwork) -> None:
    """Call a network on an image without values, as far as that goes."""
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    state = {name: value.to("meta") for name, value in tensors.items()}
    network.multiple, network.smallest = 1, 1
    x = torch.empty(1, getattr(network, "in_channels", 3), TRIAL, TRIAL, device="meta")
    try:
        functional_call(network.given(FixedSamples(), dict.fromkeys(network.reads, x)), state, (x,))
    except Exception:  # a part needs the values of tensors, or another size: what was called until then is known
        return
