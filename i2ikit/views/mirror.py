"""Left-right mirror."""

from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import fraction
from i2ikit.interfaces.progress import Progress
from i2ikit.registry import VIEWS
from i2ikit.views.base import View


@VIEWS.register_module()
class Mirror(View):
    """Mirror the whole batch left-right, in a fraction of the steps.

    Args:
        probability: of a step to be mirrored, 0..1.
    Source:
        Park et al. 2020, arXiv:2007.15651, appendix C.1: FastCUT's flip-equivariance augmentation.
    Example:
        >>> Mirror()(torch.tensor([[[[1.0, 2.0]]]]), sample=True, expression="a")
        tensor([[[[2., 1.]]]])
    """

    def __init__(self, probability: float = 0.5) -> None:
        super().__init__()
        self.probability = fraction("probability", probability)

    def sample(self, generator: torch.Generator, progress: Progress) -> bool | None:
        """Return True in a mirrored step, else None."""
        return True if torch.rand((), generator=generator).item() < self.probability else None

    def forward(self, image: Tensor, *others: Tensor, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the mirrored batch (B, C, H, W)."""
        return image.flip(-1)

    def invert(self, feature: Tensor, sample: Any) -> Tensor:
        """Return features (B, C, h, w) mirrored back."""
        return feature.flip(-1)
