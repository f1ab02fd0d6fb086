"""The complement of a mask."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.interfaces.progress import Progress
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Outside(View):
    """One minus a mask: ``"outside(a_mask)"`` is the background of a.

    Shape:
        image: (B, C, H, W) in 0..1; so is the result.
    Example:
        >>> Outside()(torch.tensor([0.0, 1.0, 0.25]), sample=True, expression="a_mask")
        tensor([1.0000, 0.0000, 0.7500])
    """

    at_test = True

    def sample(self, generator: torch.Generator, progress: Progress) -> bool:
        """Return that the view is applied."""
        return True

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the complement (B, C, H, W)."""
        return 1 - image
