"""Random positions."""

from collections.abc import Sequence

from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.interfaces import Positions, Read, SamplingPlan, StepReader, positions_on
from i2ikit.registry import SAMPLERS


@SAMPLERS.register_module()
class RandomSampler:
    """Uniform positions without replacement, the same for all images of the batch and for key and query.

    Args:
        num: positions per layer, >= 1; a smaller map uses all of its positions.
    Source:
        Park et al. 2020 (CUT), arXiv:2007.15651, section 3: 256 positions.
    Example:
        >>> from i2ikit.translation import RandomStreams
        >>> (plan,) = RandomSampler(num=16).plan(RandomStreams(0, 1), [torch.zeros(1, 3, 8, 8)], [])
        >>> plan.read(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 16, 3])
    """

    def __init__(self, num: int = 256) -> None:
        self.num = positive_int("num", num)

    def reads(self) -> list[Read]:
        """Return what is read besides the features: nothing."""
        return []

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer for features (B, C, H, W)."""
        sizes = [key.shape[-2] * key.shape[-1] for key in keys]
        drawn = [step.permutation(f"places/{n}", size, min(self.num, size)) for n, size in enumerate(sizes)]
        return [Positions(ids) for ids in positions_on(keys[0].device, drawn)]
