"""What a network takes besides its image: a style, a position, a time, a label."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from i2ikit.checks import one_of, positive_int
from i2ikit.errors import ShapeError, counted

SHAPES = {"image": "(B, {}, H, W)", "vector": "(B, {})", "scalar": "(B,)", "label": "int64 (B,)"}


@dataclass(frozen=True)
class ExtraInput:
    """An input that a generator or a discriminator takes after its image.

    Attributes:
        name: how image expressions may name it, ``"dec(x, d=1)"``.
        kind: ``"image"`` (B, size, H, W), ``"vector"`` (B, size), ``"scalar"`` (B,), or ``"label"``, int64 (B,) in
            0 .. size - 1.
        size: channels of an image, width of a vector, number of classes of a label; 1 for a scalar.
        default: the number that fills the input where an expression leaves it out; None: it must be given.

    Raises:
        ValueError: the name is no identifier, the kind is unknown, the size is below 1, or a label's default is no
            class.
    Example:
        >>> position = ExtraInput("d", "scalar", default=1.0)
        >>> position.filled(0.5, torch.zeros(2, 3, 8, 8))
        tensor([0.5000, 0.5000])
    """

    name: str
    kind: str
    size: int = 1
    default: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(f"the name of an input must be an identifier, not {self.name!r}")
        one_of("kind", self.kind, SHAPES)
        positive_int("size", self.size)
        if self.default is not None:
            self.check_number(self.default)

    def check_number(self, number: float) -> None:
        """Raise ValueError for a number that is no class of a label; every other input takes any number."""
        if self.kind == "label" and (number != int(number) or not 0 <= number < self.size):
            raise ValueError(f"input {self.name!r} is a label in 0..{self.size - 1}, not {number:g}")

    def needed_default(self, who: str) -> float:
        """Return the default.

        Raises:
            ValueError: there is none; the message names ``who``.
        """
        if self.default is None:
            raise ValueError(
                f"{who} needs its input {self.name!r}, a {self.kind}, which has no default: add {self.name}=..."
            )
        return self.default

    def filled(self, number: float, image: Tensor) -> Tensor:
        """Return the input filled with a number, for a batch ``image`` whose number, size and device it gets."""
        shapes = {"image": (self.size, *image.shape[2:]), "vector": (self.size,)}
        dtype = torch.int64 if self.kind == "label" else image.dtype
        return torch.full(
            (image.shape[0], *shapes.get(self.kind, ())),
            int(number) if self.kind == "label" else number,
            dtype=dtype,
            device=image.device,
        )

    def check(self, who: str, x: Tensor, images: int) -> None:
        """Raise ShapeError, naming ``who``, unless ``x`` is this input for a number of images."""
        ndim = {"image": 4, "vector": 2}.get(self.kind, 1)
        fits = x.ndim == ndim and x.shape[0] == images and (ndim == 1 or x.shape[1] == self.size)
        if not fits or (self.kind == "label") is x.is_floating_point():
            needed = SHAPES[self.kind].format(self.size)
            given = f"{str(x.dtype).removeprefix('torch.')} {tuple(x.shape)}"
            raise ShapeError(f"{who}: input {self.name!r} is a {self.kind} {needed}, B = {images}; got {given}")


def extra_inputs(network: object) -> Sequence[ExtraInput]:
    """Return what a network declares in ``extra_inputs``; nothing without it."""
    found: Sequence[ExtraInput] = getattr(network, "extra_inputs", ())
    return found


def complete(who: str, extras: Sequence[ExtraInput], image: Tensor, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the extra inputs of a network: those that are given, checked, then the defaults of the others.

    Args:
        who: the network, for messages.
        extras: what it declares.
        image: the batch that they belong to.
        given: the first of them.

    Raises:
        ValueError: too many are given, or one without a default is missing.
        ShapeError: one has another shape than it declares.
    """
    if len(given) > len(extras):
        raise ValueError(f"{who} takes {counted(len(extras), 'extra input')}, not {len(given)}")
    for extra, value in zip(extras, given, strict=False):
        extra.check(who, value, image.shape[0])
    missing = extras[len(given) :]
    return (*given, *(extra.filled(extra.needed_default(who), image) for extra in missing))
