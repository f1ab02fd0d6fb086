"""What a term lists that it reads in a step, and how it reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from i2ikit.interfaces.progress import Progress


def full_name(network: str) -> str:
    """Return the full name of a network; a name without a kind, such as ``"ab"``, is a generator's."""
    return network if "." in network else f"generators.{network}"


@dataclass(frozen=True)
class Read:
    """One thing that a term reads: an image, taps of a network's pass, or the logits of a discriminator.

    Attributes:
        image: expression of the image, such as ``"ab(a)"``.
        network: full name of the network that the image goes through, such as ``"generators.ab"``; empty: the image.
        taps: names of the taps of that pass.
        grad: whether gradient flows back through this read.
        leaf: whether the term differentiates with respect to the image itself (gradient penalties).
    """

    image: str
    network: str = ""
    taps: tuple[str, ...] = ("out",)
    grad: bool = True
    leaf: bool = False

    @classmethod
    def taps_of(cls, network: str, image: str, taps: Sequence[str], *, grad: bool = True) -> "Read":
        """Read ``taps`` of the pass of ``image`` through a generator or an extractor, such as ``"extractors.vgg"``."""
        return cls(image, full_name(network), tuple(taps), grad)

    @classmethod
    def logits_of(cls, discriminator: str, image: str, *, grad: bool = True, leaf: bool = False) -> "Read":
        """Read the logits of ``discriminator`` for ``image``."""
        return cls(image, f"discriminators.{discriminator}", ("out",), grad, leaf)


@dataclass(frozen=True)
class HeadUse:
    """A head that a term uses, and the features that it embeds with it.

    Attributes:
        head: name of the head.
        generator: name of the generator that the features come from, or the full name of another network
            (``"extractors.vgg"``); empty if the head gets something else.
        taps: names of the taps, one for each layer of the head; none if the head gets something else.
    """

    head: str
    generator: str = ""
    taps: tuple[str, ...] = ()


class StepReader(Protocol):
    """A training step as its readers see it. Letters: B images, C channels, H and W pixels.

    Attributes:
        progress: of this step.
        first: index of the batch's first image among all images of the step, which several processes, or several
            batches in sequence, may share. Random numbers of a single image depend on its index.
    """

    progress: Progress
    first: int

    def image(self, expression: str, *, grad: bool = True) -> Tensor:
        """Return the image (B, C, H, W) of an expression such as ``"ba(ab(a))"``."""

    def taps(self, network: str, image: str, names: Sequence[str], *, grad: bool = True) -> dict[str, Tensor]:
        """Return the named features (B, C, H, W) of the pass of ``image`` through a generator.

        A full name, such as ``"extractors.vgg"``, is a network of another kind.
        """

    def logits(self, discriminator: str, image: str, *, grad: bool = True) -> list[Tensor]:
        """Return the logits of ``discriminator`` for ``image``: float32 maps (B, 1, h, w), one per scale."""

    def leaf(self, discriminator: str, image: str) -> tuple[Tensor, list[Tensor]]:
        """Return the image as a differentiable leaf, and the discriminator's logits for it."""

    def head(self, name: str) -> nn.Module:
        """Return a head by name."""

    def align(self, feature: Tensor, image: str, reference: str) -> Tensor:
        """Undo on ``feature``, read from ``image``, the views that ``reference`` does not have."""

    def permutation(self, label: str, size: int, count: int) -> Tensor:
        """Return ``count`` of ``size`` positions in random order, without replacement, int64, from a named stream.

        All images of a step get the same positions; put an image's index into the label for positions of its own.
        """

    def noise(self, label: str, images: int, *size: int) -> Tensor:
        """Return float32 samples from N(0, 1) of size (images, *size), on the CPU, one stream per image."""
