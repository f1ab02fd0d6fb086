"""The terms of SANTA: short paths and small latents."""

from collections.abc import Sequence

import torch
from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.ops.numerics import at_least_float32
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term

SHORTEST = 0.1  # of a piece; shorter ones, at the ends, are treated as if they were that long


def path_energy(far: Tensor, near: Tensor, length: Tensor) -> Tensor:
    """Return the mean over elements of the squared speed between two ends of a piece.

    Args:
        far, near: features (B, C, H, W) at both ends.
        length: (B,), of the pieces, >= 0; taken as at least 0.1.
    """
    speed = (far - near) / length.clamp_min(SHORTEST)[:, None, None, None]
    return speed.square().mean()


@TERMS.register_module()
class PathEnergyTerm(Term):
    """The features of a decoder should change little along the path between the domains.

    Args:
        generator: name of the decoder, whose extra input is the position.
        image: expression of the latent, such as ``"latent"`` or ``"noise(enc(a))"``.
        far, near: expressions of the ends of a piece of the path, views of no images such as ``PathEnd``.
        taps: of the decoder, at least one.

    Raises:
        ValueError: there are no taps.
    Source:
        Xie et al. 2023 (SANTA), CVPR, eq. 6 and 7, in the form of the published code.
    Example:
        >>> term = PathEnergyTerm("dec", "enc(a)", "far", "near", ["block1", "last"])
        >>> [read.image for read in term.reads()]
        ['enc(a), far', 'enc(a), near', 'far', 'near']
    """

    def __init__(self, generator: str, image: str, far: str, near: str, taps: Sequence[str]) -> None:
        super().__init__()
        if isinstance(taps, str) or not taps:
            raise ValueError(f"taps must be a list of at least one name, not {taps!r}")
        self.generator, self.taps = generator, list(taps)
        self.ends, self.inputs = (far, near), (f"{image}, {far}", f"{image}, {near}")

    def reads(self) -> list[Read]:
        """Return the features at both ends, and the ends."""
        features = [Read.taps_of(self.generator, inputs, self.taps) for inputs in self.inputs]
        return [*features, *(Read(end, grad=False) for end in self.ends)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the mean energy over taps."""
        far, near = (step.taps(self.generator, inputs, self.taps) for inputs in self.inputs)
        start, end = (step.image(each, grad=False) for each in reversed(self.ends))
        pairs = ((at_least_float32(far[tap]), at_least_float32(near[tap])) for tap in self.taps)
        return torch.stack([path_energy(*pair, end - start) for pair in pairs]).mean()


@TERMS.register_module()
class MeanSquareTerm(Term):
    """Values should be small: the mean square of one or more images or latents of one size.

    Args:
        images: expressions, at least one, such as ``["enc(a)", "enc(b)"]``.

    Raises:
        ValueError: there are none.
    Source:
        Xie et al. 2023 (SANTA), CVPR: twice the Kullback-Leibler divergence of N(mu, 1) from N(0, 1), by element.
    Example:
        >>> [read.image for read in MeanSquareTerm(["enc(a)", "enc(b)"]).reads()]
        ['enc(a)', 'enc(b)']
    """

    def __init__(self, images: Sequence[str]) -> None:
        super().__init__()
        if isinstance(images, str) or not images:
            raise ValueError(f"images must be a list of at least one expression, not {images!r}")
        self.images = list(images)

    def reads(self) -> list[Read]:
        """Return the images."""
        return [Read(image) for image in self.images]

    def forward(self, step: StepReader) -> Tensor:
        """Return the mean over images."""
        return torch.stack([at_least_float32(step.image(image)).square().mean() for image in self.images]).mean()
