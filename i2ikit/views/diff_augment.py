"""DiffAugment: what a discriminator sees of few images, changed at random and differentiably."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.augment import cut_out, shifted
from i2ikit.ops.streams import image_numbers, random_seed
from i2ikit.registry import VIEWS
from i2ikit.views.base import View

POLICIES = ("color", "translation", "cutout")
SHIFT, CUT = 1 / 8, 1 / 2  # of a side


@VIEWS.register_module()
class DiffAugment(View):
    """Change real and generated images at random before a discriminator sees them, each image in its own way.

    For small data sets; ``augment=dict(type="DiffAugment")`` of a discriminator puts it in front of it, for every term.

    Args:
        policy: of ``"color"`` (brightness, saturation, contrast), ``"translation"`` (up to an eighth of a side; what
            comes into view is gray) and ``"cutout"`` (a rectangle of half the sides becomes gray), at least one.
    Shape:
        image: (B, C, H, W) in -1..1; the result may leave the range.

    Raises:
        ValueError: there is no such policy.
    Source:
        Zhao et al. 2020, arXiv:2006.10738, section 3. Differs: an image that two phases read is changed once a step.
    Example:
        >>> view = DiffAugment()
        >>> view(torch.zeros(2, 3, 8, 8), sample=0, expression="b").shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(self, policy: Sequence[str] = POLICIES) -> None:
        super().__init__()
        if isinstance(policy, str) or not policy:
            raise ValueError(f"policy must be a list of at least one of {', '.join(POLICIES)}, not {policy!r}")
        self.policy = [one_of("policy", each, POLICIES) for each in policy]

    def sample(self, generator: torch.Generator, progress: Progress) -> int:
        """Return the seed of this step's changes."""
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        """Return the changed batch (B, C, H, W)."""
        numbers = image_numbers(sample, expression, first, image, uniform=7)  # (B, 7) in 0..1
        x = image
        if "color" in self.policy:
            brightness, saturation, contrast = numbers[:, :3, None, None, None].unbind(1)
            x = x + brightness - 0.5
            mean = x.mean(1, keepdim=True)
            x = (x - mean) * (2 * saturation) + mean
            mean = x.mean((1, 2, 3), keepdim=True)
            x = (x - mean) * (contrast + 0.5) + mean
        sides = x.shape[-2:]
        if "translation" in self.policy:
            most = [int(side * SHIFT + 0.5) for side in sides]
            moves = [(numbers[:, 3 + axis] * (2 * far + 1)).long() - far for axis, far in enumerate(most)]
            x = shifted(x, moves[0], moves[1])
        if "cutout" in self.policy:
            size = int(sides[0] * CUT + 0.5), int(sides[1] * CUT + 0.5)
            starts = [
                (numbers[:, 5 + axis] * (side + 1 - cut % 2)).long() - cut // 2
                for axis, (side, cut) in enumerate(zip(sides, size, strict=True))
            ]
            x = cut_out(x, starts[0], starts[1], size)
        return x
