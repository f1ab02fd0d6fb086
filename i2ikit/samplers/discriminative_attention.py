"""Positions where the discriminator finds the output least convincing."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import fraction, positive_int
from i2ikit.interfaces import Positions, Read, SamplingPlan, StepReader
from i2ikit.registry import SAMPLERS


class _ScoreGuidedSampler(ABC):
    """Some positions by the discriminator's score, from a random pool, per image; the rest by ``_rest``."""

    def __init__(
        self, discriminator: str, image: str, *, num: int = 256, pool: int = 4, random_fraction: float = 0.5
    ) -> None:
        self.discriminator, self.image = discriminator, image
        self.num, self.pool = positive_int("num", num), positive_int("pool", pool)
        self.random_fraction = fraction("random_fraction", random_fraction)

    def reads(self) -> list[Read]:
        """Return what is read besides the features: the discriminator's logits, without gradient."""
        return [Read.logits_of(self.discriminator, self.image, grad=False)]

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer, with other positions for each image, for features (B, C, H, W)."""
        logits = step.logits(self.discriminator, self.image, grad=False)[0]  # (B, 1, h, w)
        return [Positions(self._layer(step, logits, layer, query)) for layer, query in enumerate(queries)]

    def _layer(self, step: StepReader, logits: Tensor, layer: int, feature: Tensor) -> Tensor:
        score = F.interpolate(logits, feature.shape[-2:], mode="bilinear", align_corners=False).flatten(1)  # (B, H*W)
        size = score.shape[1]
        num = min(self.num, size)
        rest = int(num * self.random_fraction)
        rows = []
        for image, row in enumerate(score, step.first):
            pool = step.permutation(f"pool/{layer}/{image}", size, min(num * self.pool, size)).to(row.device)
            # lowest logits, the least convincing, first; float() turns rounding differences of float64 into ties
            pool = pool[row[pool].float().argsort(stable=True)]
            rows.append(torch.cat([pool[: num - rest], self._rest(step, f"rest/{layer}/{image}", pool, size, rest)]))
        return torch.stack(rows)

    @abstractmethod
    def _rest(self, step: StepReader, label: str, pool: Tensor, size: int, count: int) -> Tensor:
        """Return ``count`` positions that the lowest scores do not decide; ``pool`` is sorted, lowest score first."""


@SAMPLERS.register_module()
class DiscriminativeAttentionSampler(_ScoreGuidedSampler):
    """The lowest scores of a random pool, and a fraction of the positions at random.

    Args:
        discriminator: name of the discriminator whose logits are the score.
        image: expression of the image that it scores, such as ``"ab(a)"``.
        num: positions per layer, >= 1; a smaller map uses as many as it has.
        pool: candidates per position, >= 1.
        random_fraction: fraction of the positions, 0..1, sampled independently of the score; they may repeat others.
    Source:
        Cai et al. 2024 (EnCo), arXiv:2211.10867, discriminative attention-guided sampling, as released in 2024.
    Example:
        >>> class Step:
        ...     first = 0
        ...     def logits(self, discriminator, image, grad):
        ...         return [torch.arange(16.0).reshape(1, 1, 4, 4)]
        ...     def permutation(self, label, size, count):
        ...         return torch.randperm(size)[:count]
        >>> sampler = DiscriminativeAttentionSampler("b", "ab(a)", num=4, random_fraction=0.0)
        >>> sampler.plan(Step(), [], [torch.zeros(1, 3, 4, 4)])[0].ids  # the lowest logits
        tensor([[0, 1, 2, 3]])
    """

    def _rest(self, step: StepReader, label: str, pool: Tensor, size: int, count: int) -> Tensor:
        return step.permutation(label, size, count).to(pool.device)


@SAMPLERS.register_module()
class ExtremeScoreSampler(_ScoreGuidedSampler):
    """The lowest scores of a random pool, and a fraction of positions with the highest scores of the same pool.

    Args:
        discriminator, image, num, pool: as in DiscriminativeAttentionSampler.
        random_fraction: fraction of the positions, 0..1, that have the highest scores.
    Source:
        Cai et al. 2022 (EnCo, first version), arXiv:2211.10867v1, as in its released training command.
    Example:
        >>> class Step:
        ...     first = 0
        ...     def logits(self, discriminator, image, grad):
        ...         return [torch.arange(16.0).reshape(1, 1, 4, 4)]
        ...     def permutation(self, label, size, count):
        ...         return torch.randperm(size)[:count]
        >>> sampler = ExtremeScoreSampler("b", "ab(a)", num=4, random_fraction=0.5)
        >>> sampler.plan(Step(), [], [torch.zeros(1, 3, 4, 4)])[0].ids  # the lowest and the highest logits
        tensor([[ 0,  1, 14, 15]])
    """

    def _rest(self, step: StepReader, label: str, pool: Tensor, size: int, count: int) -> Tensor:
        return pool[len(pool) - count :]
