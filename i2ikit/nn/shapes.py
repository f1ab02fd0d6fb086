"""The check of the input of every network."""

from torch import Tensor

from i2ikit.errors import ShapeError


def check_images(who: str, x: Tensor, channels: int, *, smallest: int = 1, multiple: int = 1) -> None:
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
