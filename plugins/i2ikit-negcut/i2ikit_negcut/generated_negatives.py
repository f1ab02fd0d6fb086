"""Negatives that a network makes for an image."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.interfaces import HeadUse, Negatives, Positions, Read, StepReader
from i2ikit.registry import NEGATIVES
from i2ikit_negcut.negative_generator import NegativeGenerator


@NEGATIVES.register_module()
class GeneratedNegatives:
    """Negatives made from noise and the mean embedding of an image, instead of its other positions.

    One source is read twice in a step: in the phase that trains ``maker`` against the translation, by content terms of
    negative weight, and in the phase that trains the translation. As published, gradient flows through the negatives
    into the features of the image.

    Args:
        maker: name of the head that makes them, a ``NegativeGenerator``.
        head: name of the head that embeds the image's positions, as wide as ``maker``; published: an average of the
            content term's.
        image: (generator, image) whose features are embedded, such as ``("ab", "a")``; the content term's key.
        taps: layers, the key's of the content term.
        num: negatives of an image and layer, >= 2.
    Shape:
        query, key: (B, S, D); the negatives are (B, num, D).

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Wang et al. 2021 (NEGCUT), arXiv:2108.04547.
    """

    def __init__(self, maker: str, head: str, image: Sequence[str], taps: Sequence[str], *, num: int = 256) -> None:
        if isinstance(image, str) or len(image) != 2:
            raise ValueError(f"image needs two names, a generator's and an image's, not {image!r}")
        if isinstance(taps, str) or not taps:
            raise ValueError(f"taps must be a list of at least one layer, not {taps!r}")
        if positive_int("num", num) < 2:
            raise ValueError(f"num must be at least 2, not {num!r}")
        self.maker, self.head, self.num = maker, head, num
        self.generator, self.image, self.taps = image[0], image[1], tuple(taps)

    def reads(self) -> list[Read]:
        """Return the features of the image."""
        return [Read.taps_of(self.generator, self.image, self.taps)]

    def heads(self) -> list[HeadUse]:
        """Return the head that embeds the image and the one that makes negatives."""
        return [HeadUse(name, self.generator, self.taps) for name in (self.head, self.maker)]

    def __call__(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the negatives of one layer; what they are contrasted with does not matter."""
        return Negatives(keys=self.generate(step, layer))

    def generate(self, step: StepReader, layer: int) -> Tensor:
        """Return the negatives (B, num, D) of one layer."""
        context = self._context(step, layer)
        maker = cast("NegativeGenerator", step.head(self.maker))
        noise = step.noise(f"negatives/{layer}", len(context), self.num, maker.noise)
        return maker.generate(context, noise, layer)

    def _context(self, step: StepReader, layer: int) -> Tensor:
        """Return the mean embedding (B, D) of all positions."""
        tap = self.taps[layer]
        feature = step.taps(self.generator, self.image, [tap])[tap]
        everywhere = Positions(torch.arange(feature.shape[-2] * feature.shape[-1], device=feature.device))
        return step.head(self.head)(everywhere.read(feature), layer, "key").mean(1)
