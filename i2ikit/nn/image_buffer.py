"""History of generated images, from which a discriminator is also fed."""

from collections.abc import Callable

import torch
from torch import Tensor


class ImageBuffer:
    """A store of up to ``size`` images that answers each new image with itself or with an older one.

    Until the store is full an image is kept and returned. After that, half of the time a random stored image is
    returned and replaced by the new one; otherwise the new one is returned.

    Args:
        size: images kept, >= 1.
    Source:
        Shrivastava et al. 2017, arXiv:1612.07828, section 2.3, as used by CycleGAN with size 50.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def exchange(self, batch: Tensor, uniform: Callable[[], float], place: Callable[[], int]) -> Tensor:
        """Return a batch like ``batch`` (B, C, H, W), image by image new or older, without gradient.

        Args:
            uniform: draws from 0..1; above 0.5 an older image is returned.
            place: draws the stored image, 0 .. size-1.
        """
        answers = []
        for image in batch.detach():
            answer = image
            if len(self.images) < self.size:
                self.images.append(image.clone())
            elif uniform() > 0.5:
                index = place()
                answer = self.images[index].to(image)  # a store that was read from a checkpoint may be elsewhere
                self.images[index] = image.clone()
            answers.append(answer)
        return torch.stack(answers)
