"""Checks of arguments and shapes; the messages name the argument and its value."""

from typing import TYPE_CHECKING

from i2ikit.errors import ShapeError, nearest_hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

MOST_LAYERS = 1000  # of a network, per argument: more is a slip of the pen, and takes minutes to build
MOST_CHANNELS = 64  # of an image
MOST_PIXELS = 2**15  # on a side that an image is resized to: more does not fit into memory


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def positive(name: str, value: float) -> float:
    """Return ``value`` if it is a number above 0, else raise ValueError."""
    if not _is_number(value) or not value > 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return value


def positive_int(name: str, value: int, *, most: int | None = None) -> int:
    """Return ``value`` if it is an integer above 0, and at most ``most``, else raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an integer above 0, not {value!r}")
    if most is not None and value > most:
        raise ValueError(f"{name} must be an integer in 1..{most}, not {value!r}")
    return value


def side(name: str, value: int) -> int:
    """Return ``value`` if it can be the height or the width that an image is resized to, else raise ValueError."""
    return positive_int(name, value, most=MOST_PIXELS)


def not_negative_int(name: str, value: int) -> int:
    """Return ``value`` if it is an integer of at least 0, else raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be an integer of at least 0, not {value!r}")
    return value


def fraction(name: str, value: float) -> float:
    """Return ``value`` if it is a number in 0..1, else raise ValueError."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be in 0..1, not {value!r}")
    return value


def one_of(name: str, value: str, choices: "Iterable[str]") -> str:
    """Return ``value`` if it is one of ``choices``, else raise ValueError with the nearest ones."""
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"{name} must be one of {', '.join(choices)}, not {value!r}.{nearest_hint(str(value), choices)}"
        )
    return value


def same_shape(owner: str, **tensors: "Tensor") -> None:
    """Raise ShapeError, naming ``owner`` and each tensor, unless all tensors have the same shape."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ShapeError(f"{owner} needs tensors of one shape, got {listed}")


def check_images(who: str, x: "Tensor", channels: int, *, smallest: int = 1, multiple: int = 1) -> None:
    """Raise ShapeError unless ``x`` is (B, channels, H, W) with H and W large enough and divisible.

    Args:
        who: name of the network, for the message.
        x: the images.
        channels: channels that the network takes.
        smallest: H and W must be at least that.
        multiple: H and W must be multiples of it.
    """
    if x.ndim != 4 or x.shape[1] != channels:
        raise ShapeError(f"{who} needs images (B, {channels}, H, W), got {tuple(x.shape)}")
    height, width = x.shape[2:]
    if min(height, width) < smallest:
        raise ShapeError(f"{who} needs height and width of at least {smallest}, got {height} x {width}")
    if height % multiple or width % multiple:
        raise ShapeError(f"{who} needs height and width that are multiples of {multiple}, got {height} x {width}")
