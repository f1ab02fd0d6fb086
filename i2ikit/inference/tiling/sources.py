"""Images of which parts are read."""

from typing import Protocol

from torch import Tensor


class ImageSource(Protocol):
    """An image of which parts are read."""

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def width(self) -> int:
        """Pixels."""
        ...

    def window(self, top: int, left: int, height: int, width: int) -> Tensor:
        """Return a part, (C, height, width) in -1..1, float32, that may be changed."""
        ...


class TensorSource:
    """An image in memory, (C, H, W) in -1..1."""

    def __init__(self, image: Tensor) -> None:
        self._image = image
        self.height, self.width = image.shape[-2:]

    def window(self, top: int, left: int, height: int, width: int) -> Tensor:
        """Return a part, (C, height, width)."""
        return self._image[:, top : top + height, left : left + width].clone()
