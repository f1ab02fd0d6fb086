"""What a term, a sampler or a source of negatives may ask of the running step."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor, nn

from i2ikit.interfaces.progress import Progress


class StepReader(Protocol):
    """The reading side of a training step. Letters: B images, C channels, H and W pixels.

    Attributes:
        progress: where the run stands.
        first: place of the batch's first image among all images of the step, which several processes, or batches one
            after the other, may share; what is drawn for one image goes by its place.
    """

    progress: Progress
    first: int

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        """Return the image (B, C, H, W) of an expression such as ``"ba(ab(a))"``."""

    def taps(self, generator: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        """Return the named features (B, C, H, W) of the pass of ``image`` through ``generator``."""

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        """Return what ``discriminator`` answers to ``image``: float32 maps (B, 1, h, w), one per scale."""

    def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
        """Return the image as a differentiable leaf, and the discriminator's answers to it."""

    def head(self, name: str) -> nn.Module:
        """Return a head by name."""

    def align(self, feature: Tensor, image: str, reference: str) -> Tensor:
        """Undo on ``feature``, read from ``image``, the drawn views that ``reference`` does not have."""

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        """Return ``count`` of ``size`` places in random order, without replacement, int64, from a named stream.

        All images of a step get the same; put an image's place into the label for places of its own.
        """

    def noise(self, label: str, images: int, *size: int) -> Tensor:
        """Return float32 draws from N(0, 1) of size (images, *size), on the CPU, from named streams by image."""
