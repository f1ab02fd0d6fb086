"""What a term reads in a step, and the heads it uses."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Read:
    """One thing that a term reads: an image, taps of a generator's pass, or the logits of a discriminator.

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
    def taps_of(cls, generator: str, image: str, taps: Sequence[str], *, grad: bool = True) -> "Read":
        """Read ``taps`` of the pass of ``image`` through ``generator``."""
        return cls(image, f"generators.{generator}", tuple(taps), grad)

    @classmethod
    def logits_of(cls, discriminator: str, image: str, *, grad: bool = True, leaf: bool = False) -> "Read":
        """Read the logits of ``discriminator`` for ``image``."""
        return cls(image, f"discriminators.{discriminator}", ("out",), grad, leaf)


@dataclass(frozen=True)
class HeadUse:
    """A head that a term uses, and the features that it embeds with it.

    Attributes:
        head: name of the head.
        generator: name of the generator that the features come from; empty if the head gets something else.
        taps: names of the taps, one for each layer of the head; none if the head gets something else.
    """

    head: str
    generator: str = ""
    taps: tuple[str, ...] = ()
