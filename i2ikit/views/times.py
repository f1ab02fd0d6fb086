"""An image times another one: what is outside of a mask becomes gray."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Times(View):
    """Multiply two images: with ``"times(b, b_mask)"`` a discriminator sees nothing but what is inside of the mask.

    Shape:
        image: (B, C, H, W) in -1..1; other: (B, C, H, W) or (B, 1, H, W), such as a mask in 0..1.
    Example:
        >>> image, mask = torch.ones(1, 3, 1, 2), torch.tensor([[[[0.0, 1.0]]]])
        >>> Times()(image, mask, sample=True, expression="a, a_mask")[0, 0]
        tensor([[0., 1.]])
    """

    arguments = 2
    at_test = True

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        """Return that the view is applied."""
        return True

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the product (B, C, H, W)."""
        (other,) = others
        return image * other
