"""The image history as a view."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.distributed import processes
from i2ikit.nn.image_buffer import ImageBuffer
from i2ikit.ops.streams import named_generator
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class ImagePool(View):
    """Answer each image with itself or with an older one; every viewed expression has a store of its own.

    The stores are part of the model's state, so a resumed run goes on with the same images. Several processes put the
    images of all of them into their stores, in one order, so that each process holds the same.

    Args:
        size: images kept per expression, >= 1. CycleGAN uses 50.
    Source:
        Shrivastava et al. 2017, arXiv:1612.07828; Zhu et al. 2017, arXiv:1703.10593, section 4.
    """

    differentiable = False

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = positive_int("size", size)
        self.stores: dict[str, ImageBuffer] = {}

    def draw(self, generator: torch.Generator) -> int:
        """Return the seed of this step's exchanges."""
        return int(torch.randint(2**62, (), generator=generator).item())

    def forward(self, image: Tensor, *others: Tensor, draw: Any, expression: str, first: int = 0) -> Tensor:
        """Return a batch like ``image`` (B, C, H, W) without gradient."""
        store = self.stores.setdefault(expression, ImageBuffer(self.size))
        images, own = processes.gather(image.detach()), processes.rank() * len(image)
        answers = [
            self._exchange(store, one[None], named_generator(f"{draw}/{expression}/{place}"))
            for place, one in enumerate(images, first - own)
        ]
        return torch.cat(answers[own : own + len(image)])

    def _exchange(self, store: ImageBuffer, image: Tensor, generator: torch.Generator) -> Tensor:
        return store.exchange(
            image,
            uniform=lambda: torch.rand((), generator=generator).item(),
            place=lambda: int(torch.randint(self.size, (), generator=generator).item()),
        )

    def get_extra_state(self) -> dict[str, Tensor]:
        """Return the stored images of every expression, (N, C, H, W)."""
        return {name: torch.stack(store.images) for name, store in self.stores.items() if store.images}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        """Take the stored images back."""
        self.stores = {}
        for name, images in state.items():
            store = self.stores[name] = ImageBuffer(self.size)
            store.images = [image.clone() for image in images][: self.size]
