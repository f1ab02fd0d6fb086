"""The pool of earlier images, from which CycleGAN's discriminators are also trained, as a view."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.distributed import processes
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class ImagePool(View):
    """Exchange each image for itself or for an older one; every viewed expression has its own buffer.

    Until a buffer is full an image is kept and returned. After that, half of the time a random stored image is returned
    and replaced by the new one; otherwise the new one is returned.

    An image of another size than those in its buffer empties that: images of one size alone make a batch.

    The buffers are part of the model's state, so a resumed run continues with the same images. With several processes
    each keeps the images of all of them, in one order, so their buffers are equal.

    Args:
        size: images kept per expression, >= 1. CycleGAN uses 50.
    Source:
        Shrivastava et al. 2017, arXiv:1612.07828, section 2.3; Zhu et al. 2017, arXiv:1703.10593, section 4.
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
        self.stores: dict[str, list[Tensor]] = {}

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of this step's exchanges."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return a batch like ``image`` (B, C, H, W) without gradient."""
        buffer = self.stores.setdefault(expression, [])
        images, own = processes.gather(image.detach()), processes.rank() * len(image)
        streams = image_generators(sample, expression, first - own, len(images))
        found = [self._exchange(buffer, one, stream) for one, stream in zip(images, streams, strict=True)]
        return torch.stack(found[own : own + len(image)])

    def _exchange(self, buffer: list[Tensor], image: Tensor, generator: torch.Generator) -> Tensor:
        """Return an image (C, H, W), or an older one that it replaces in the buffer."""
        if buffer and buffer[0].shape != image.shape:  # `data.progressive`, or a resumed run with another crop size
            buffer.clear()
        if len(buffer) < self.size:
            buffer.append(image.clone())
        elif torch.rand((), generator=generator).item() > 0.5:
            index = int(torch.randint(self.size, (), generator=generator).item())
            older = buffer[index].to(image)  # images read from a checkpoint may be on another device
            buffer[index] = image.clone()
            return older
        return image

    def get_extra_state(self) -> dict[str, Tensor]:
        """Return the stored images of every expression, (N, C, H, W)."""
        return {name: torch.stack(buffer) for name, buffer in self.stores.items() if buffer}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        """Restore the images of every expression."""
        if any(images.ndim != 4 or not images.is_floating_point() for images in state.values()):
            raise ValueError("the stored images of a pool must be (N, C, H, W), of floating-point numbers")
        self.stores = {name: [image.clone() for image in images[: self.size]] for name, images in state.items()}
