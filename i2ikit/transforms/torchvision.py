"""The transforms of torchvision by their names."""

import importlib
import inspect
from typing import Any

import numpy as np
import torch
from PIL import Image

from i2ikit.errors import DataError, nearest_hint
from i2ikit.ops.pixels import CODES, Pixels
from i2ikit.registry import TRANSFORMS
from i2ikit.transforms.base import Transform

UNALIGNED = ("GaussianNoise",)  # takes random numbers for images and none for masks
OF_TRANSFORMS = ("Compose", "RandomApply", "RandomChoice", "RandomOrder", "AutoAugment", "Lambda")


@TRANSFORMS.register_module()
class TorchvisionTransform(Transform):
    """A transform of ``torchvision.transforms.v2`` from image to image.

    8-bit images go through it as images of Pillow, so values such as ``fill`` are 0..255; deeper ones as
    float32 tensors (C, H, W) in 0..1, and the result is clipped to that range. Masks and labels go through it as
    torchvision's masks: they are moved, and keep their values. It counts as random. To combine
    several, list them in ``Compose``; to apply one with a probability, put it into ``Sometimes``.

    Args:
        name: of the class, such as "RandomRotation".
        arguments: those of the class; ``interpolation`` is a string, such as "bilinear".
    Shape:
        returns: (C, H, W), float32 in -1..1.

    Raises:
        ValueError: torchvision has no such transform, or refuses its arguments.
        DataError: the result is not an image.
    Example:
        >>> from PIL import Image
        >>> TorchvisionTransform("RandomVerticalFlip", p=1.0)(Image.frombytes("L", (1, 2), bytes([0, 255])))
        tensor([[[ 1.],
                 [-1.]]])
    """

    is_random = True

    def __init__(self, name: str, **arguments: Any) -> None:
        known = names()
        if name in OF_TRANSFORMS:
            raise ValueError(f"{name} is made of other transforms or functions; use Compose or Sometimes of i2ikit")
        if name not in known:
            raise ValueError(f"torchvision.transforms.v2 has no transform {name!r}.{nearest_hint(name, known)}")
        v2 = _torchvision()
        found = getattr(v2, name)
        if isinstance(arguments.get("interpolation"), str):
            arguments["interpolation"] = v2.InterpolationMode(arguments["interpolation"])
        self.name = name
        try:
            self.apply = found(**arguments)
        except TypeError as error:
            raise ValueError(f"{name}{inspect.signature(found)} refuses its arguments: {error}") from error

    def varied(self, image: Pixels) -> Pixels:
        """Return one image, transformed with new random numbers."""
        if isinstance(image, Image.Image) and image.mode == CODES:
            return self._moved(image)
        if isinstance(image, Image.Image):
            found = self.apply(image)
            if isinstance(found, Image.Image) and found.mode == image.mode:
                return found
            raise DataError(self._no_image(found))
        tensor = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)  # (C, H, W)
        found = self.apply(tensor)
        if isinstance(found, torch.Tensor) and found.ndim == 3 and found.is_floating_point():
            return found.permute(1, 2, 0).clamp(0, 1).float().numpy()
        raise DataError(self._no_image(found))

    def _moved(self, codes: Image.Image) -> Image.Image:
        from torchvision.tv_tensors import Mask

        mask = Mask(torch.from_numpy(np.array(codes, np.int32))[None])
        try:
            found = None if self.name in UNALIGNED else self.apply(mask)
        except (TypeError, ValueError, NotImplementedError):
            found = None
        if not isinstance(found, torch.Tensor) or found.shape[:1] != (1,) or found.dtype != torch.int32:
            raise DataError(f"torchvision's {self.name} does not move masks and labels along with their images")
        return Image.fromarray(found[0].numpy())

    def _no_image(self, found: object) -> str:
        return f"torchvision's {self.name} makes {type(found).__name__} of an image, not an image like it"


def names() -> list[str]:
    """Return the names of all transforms of torchvision that a config can use, sorted."""
    v2 = _torchvision()
    parts = inspect.getmembers(v2, inspect.isclass)
    return sorted(
        name for name, part in parts if issubclass(part, v2.Transform) and name not in ("Transform", *OF_TRANSFORMS)
    )


def _torchvision() -> Any:
    """Return the module of torchvision's transforms, whose import takes seconds."""
    return importlib.import_module("torchvision.transforms.v2")
