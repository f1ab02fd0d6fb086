"""Variety of generated negatives."""

import torch
from torch import Tensor

from i2ikit.interfaces import HeadUse, Read, StepReader
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term
from i2ikit_negcut.generated_negatives import GeneratedNegatives


@TERMS.register_module()
class ModeSeekingTerm(Term):
    """Negatives made from different noise should differ: minus the mean distance of one half of them to the other.

    Args:
        negatives: the source whose negatives should vary. In the stream of another term they are that term's.

    Raises:
        ValueError: the source generates nothing.
    Source:
        Wang et al. 2021 (NEGCUT), arXiv:2108.04547, the diversity loss, after Mao et al. 2019, arXiv:1903.05628.
        differs: distances of the noise itself are left out, as in the published code.
    """

    def __init__(self, negatives: GeneratedNegatives) -> None:
        super().__init__()
        if not hasattr(negatives, "generate"):
            raise ValueError(f"negatives must be generated ones, such as GeneratedNegatives, not {negatives!r}")
        self.negatives = negatives

    def reads(self) -> list[Read]:
        """Return what the source reads."""
        return self.negatives.reads()

    def heads(self) -> list[HeadUse]:
        """Return the heads of the source."""
        return self.negatives.heads()

    def forward(self, step: StepReader) -> Tensor:
        """Return minus the mean absolute difference, the mean over layers."""
        return torch.stack([-self._variety(step, layer) for layer in range(len(self.negatives.taps))]).mean()

    def _variety(self, step: StepReader, layer: int) -> Tensor:
        rows = self.negatives.generate(step, layer)  # (B, M, D)
        half = rows.shape[1] // 2
        return (rows[:, :half] - rows[:, half : 2 * half]).abs().mean()
