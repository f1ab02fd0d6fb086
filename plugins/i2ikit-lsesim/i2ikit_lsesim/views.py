"""The views of LSeSim's augmentation."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import fraction
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View

ADJUSTMENTS = ("adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_hue")  # of torchvision


@VIEWS.register_module()
class Turn(View):
    """Turn the image by 180 degrees, in every step.

    Source:
        Zheng et al. 2021 (LSeSim), arXiv:2104.00854, the published code: an image of another content.
    Example:
        >>> Turn()(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), sample=True, expression="b")
        tensor([[[[4., 3.],
                  [2., 1.]]]])
    """

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        """Return True: there is nothing random in it."""
        return True

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the turned batch (B, C, H, W)."""
        return image.flip((-2, -1))

    def invert(self, feature: Tensor, sample: Any) -> Tensor:
        """Return features (B, C, h, w) turned back."""
        return feature.flip((-2, -1))


@VIEWS.register_module()
class ImageColorJitter(View):
    """Change brightness, contrast, saturation and hue of each image by its own amounts, in an order of its own.

    The random numbers of an image depend on the viewed expression, so ``jitter(a)`` and ``jitter(b)`` differ. No
    gradient flows through it.

    Args:
        brightness, contrast, saturation: largest relative change, 0..1.
        hue: largest rotation of the color circle, 0..0.5; 0.5 is half of the circle.
    Shape:
        image: (B, 3, H, W) in -1..1; so is the result.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Zheng et al. 2021 (LSeSim), arXiv:2104.00854, the augmentation of the published code.
        differs: values are not rounded to 256 levels in between.
    Example:
        >>> view = ImageColorJitter()
        >>> view(torch.zeros(2, 3, 8, 8), sample=0, expression="a").shape
        torch.Size([2, 3, 8, 8])
    """

    differentiable = False

    def __init__(
        self, brightness: float = 0.5, contrast: float = 0.5, saturation: float = 0.5, hue: float = 0.3
    ) -> None:
        super().__init__()
        self.strengths = (
            fraction("brightness", brightness),
            fraction("contrast", contrast),
            fraction("saturation", saturation),
            hue,
        )
        if not 0 <= hue <= 0.5:
            raise ValueError(f"hue must be in 0..0.5, not {hue!r}")

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of this step's amounts."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the recolored batch (B, 3, H, W)."""
        streams = image_generators(sample, expression, first, len(image))
        unit = image.detach() / 2 + 0.5
        return torch.stack([self._jittered(one, stream) for one, stream in zip(unit, streams, strict=True)]) * 2 - 1

    def _jittered(self, image: Tensor, stream: torch.Generator) -> Tensor:
        from torchvision.transforms.v2 import functional  # here, because its import takes seconds

        order = torch.randperm(len(ADJUSTMENTS), generator=stream).tolist()
        signed = (2 * torch.rand(len(ADJUSTMENTS), generator=stream) - 1).tolist()
        for index in order:
            change = signed[index] * self.strengths[index]
            adjust = getattr(functional, ADJUSTMENTS[index])
            image = adjust(image, change if index == len(ADJUSTMENTS) - 1 else 1 + change)
        return image
