"""Random colors."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import fraction
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.image_tensors import turn_hue
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class ColorJitter(View):
    """Change brightness, contrast, saturation and hue by random amounts, once per step, in this order.

    Args:
        brightness, contrast, saturation: largest relative change, 0..1.
        hue: largest rotation of the color circle, 0..0.5; 0.5 is half of the circle.
    Shape:
        image: (B, 3, H, W) in -1..1; so is the result.
    Example:
        >>> from i2ikit.interfaces.progress import Progress
        >>> view = ColorJitter()
        >>> sample = view.sample(torch.Generator().manual_seed(0), Progress(1, 1, 1, 1))
        >>> view(torch.zeros(1, 3, 8, 8), sample=sample, expression="a").shape
        torch.Size([1, 3, 8, 8])
    """

    def __init__(
        self, brightness: float = 0.5, contrast: float = 0.5, saturation: float = 0.5, hue: float = 0.3
    ) -> None:
        super().__init__()
        self.brightness = fraction("brightness", brightness)
        self.contrast = fraction("contrast", contrast)
        self.saturation = fraction("saturation", saturation)
        if not 0 <= hue <= 0.5:
            raise ValueError(f"hue must be in 0..0.5, not {hue!r}")
        self.hue = hue

    def sample(self, generator: torch.Generator, progress: Progress) -> list[float]:
        """Return the factors of brightness, contrast and saturation, and the rotation of hue."""
        signed = (2 * torch.rand(4, generator=generator) - 1).tolist()
        strengths = (self.brightness, self.contrast, self.saturation)
        return [
            *(1 + value * strength for value, strength in zip(signed, strengths, strict=False)),
            signed[3] * self.hue,
        ]

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the recolored batch (B, 3, H, W)."""
        from torchvision.transforms.v2 import functional as tv  # here, because its import takes seconds

        brightness, contrast, saturation, hue = sample
        x = image / 2 + 0.5
        x = tv.adjust_saturation(tv.adjust_contrast(tv.adjust_brightness(x, brightness), contrast), saturation)
        return turn_hue(x, hue) * 2 - 1
