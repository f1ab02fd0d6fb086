"""The pool of earlier images, from which CycleGAN's discriminators are also trained, as a view."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.distributed import processes
from i2ikit.ops.streams import named_generator
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


class ImageBuffer:
    """Up to ``size`` images; each new image is exchanged for itself or for an older one.

    Until the buffer is full an image is kept and returned. After that, half of the time a random stored image is
    returned and replaced by the new one; otherwise the new one is returned.

    Args:
        size: images kept, >= 1.
    Source:
        Shrivastava et al. 2017, arXiv:1612.07828, section 2.3, as used by CycleGAN with size 50.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def exchange(self, batch: Tensor, uniform: Callable[[], float], index: Callable[[], int]) -> Tensor:
        """Return a batch like ``batch`` (B, C, H, W), image by image new or older, without gradient.

        Args:
            uniform: samples from 0..1; above 0.5 an older image is returned.
            index: samples the stored image, 0 .. size-1.
        """
        return torch.stack([self._exchange(image, uniform, index) for image in batch.detach()])

    def _exchange(self, image: Tensor, uniform: Callable[[], float], index: Callable[[], int]) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image.clone())
        elif uniform() > 0.5:
            older = index()
            found = self.images[older].to(image)  # images read from a checkpoint may be on another device
            self.images[older] = image.clone()
            return found
        return image


@VIEWS.register_module()
class ImagePool(View):
    """Exchange each image for itself or for an older one; every viewed expression has its own buffer.

    The buffers are part of the model's state, so a resumed run continues with the same images. With several processes
    each keeps the images of all of them, in one order, so their buffers are equal.

    Args:
        size: images kept per expression, >= 1. CycleGAN uses 50.
    Source:
        Shrivastava et al. 2017, arXiv:1612.07828; Zhu et al. 2017, arXiv:1703.10593, section 4.
    Example:
        >>> pool = ImagePool(size=1)
        >>> images = torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1, 1)
        >>> pool(images, sample=2, expression="ab(a)").flatten()  # the pool returns 1 for 2, and 2 for 3
        tensor([1., 1., 2.])
    """

    differentiable = False

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = positive_int("size", size)
        self.stores: dict[str, ImageBuffer] = {}

    def sample(self, generator: torch.Generator) -> int:
        """Return the seed of this step's exchanges."""
        return int(torch.randint(2**62, (), generator=generator).item())

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return a batch like ``image`` (B, C, H, W) without gradient."""
        buffer = self.stores.setdefault(expression, ImageBuffer(self.size))
        images, own = processes.gather(image.detach()), processes.rank() * len(image)
        found = [
            self._exchange(buffer, one[None], named_generator(f"{sample}/{expression}/{position}"))
            for position, one in enumerate(images, first - own)
        ]
        return torch.cat(found[own : own + len(image)])

    def _exchange(self, buffer: ImageBuffer, image: Tensor, generator: torch.Generator) -> Tensor:
        return buffer.exchange(
            image,
            uniform=lambda: torch.rand((), generator=generator).item(),
            index=lambda: int(torch.randint(self.size, (), generator=generator).item()),
        )

    def get_extra_state(self) -> dict[str, Tensor]:
        """Return the stored images of every expression, (N, C, H, W)."""
        return {name: torch.stack(buffer.images) for name, buffer in self.stores.items() if buffer.images}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        """Restore the images of every expression."""
        self.stores = {}
        for name, images in state.items():
            buffer = self.stores[name] = ImageBuffer(self.size)
            buffer.images = [image.clone() for image in images][: self.size]
