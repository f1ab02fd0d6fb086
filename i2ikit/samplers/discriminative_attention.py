"""Positions where the discriminator finds the output least convincing."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import fraction, positive_int
from i2ikit.interfaces import Positions, Read, SamplingPlan, StepReader, positions_on
from i2ikit.registry import SAMPLERS


class _ScoreGuidedSampler(ABC):
    """Some positions by the discriminator's score, from a random pool, per image; the rest by ``_rests``."""

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
        images = range(step.first, step.first + len(logits))
        nums = [min(self.num, query.shape[-2] * query.shape[-1]) for query in queries]
        pools = _sampled(step, "pool", images, queries, [num * self.pool for num in nums])
        pools = [_sorted_by_score(logits, query, pool) for query, pool in zip(queries, pools, strict=True)]
        rests = self._rests(step, images, queries, pools, [int(num * self.random_fraction) for num in nums])
        return [
            Positions(torch.cat([pool[:, : num - rest.shape[1]], rest], dim=1))
            for num, pool, rest in zip(nums, pools, rests, strict=True)
        ]

    @abstractmethod
    def _rests(
        self, step: StepReader, images: range, queries: Sequence[Tensor], pools: Sequence[Tensor], counts: Sequence[int]
    ) -> list[Tensor]:
        """Return for each layer positions (B, count) that the lowest scores do not decide.

        Args:
            step, queries: as for :meth:`plan`.
            images: indices of the batch's images in the step.
            pools: (B, P) of each layer, sorted, lowest score first.
            counts: of each layer.
        """


def _sampled(
    step: StepReader, label: str, images: range, features: Sequence[Tensor], counts: Sequence[int]
) -> list[Tensor]:
    """Return random positions (B, count) in each feature map, on its device: each image has its own stream."""
    sizes = [feature.shape[-2] * feature.shape[-1] for feature in features]
    layers = enumerate(zip(sizes, counts, strict=True))
    drawn = [
        torch.stack([step.permutation(f"{label}/{layer}/{image}", size, min(count, size)) for image in images])
        for layer, (size, count) in layers
    ]
    return positions_on(features[0].device, drawn)


def _sorted_by_score(logits: Tensor, feature: Tensor, pool: Tensor) -> Tensor:
    """Return the positions ``pool`` (B, P) in a feature map, lowest logits, the least convincing, first."""
    score = F.interpolate(logits, feature.shape[-2:], mode="bilinear", align_corners=False).flatten(1)  # (B, H*W)
    # float() turns rounding differences of float64 into ties
    return pool.gather(1, score.gather(1, pool).float().argsort(dim=1, stable=True))


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

    def _rests(
        self, step: StepReader, images: range, queries: Sequence[Tensor], pools: Sequence[Tensor], counts: Sequence[int]
    ) -> list[Tensor]:
        return _sampled(step, "rest", images, queries, counts)


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

    def _rests(
        self, step: StepReader, images: range, queries: Sequence[Tensor], pools: Sequence[Tensor], counts: Sequence[int]
    ) -> list[Tensor]:
        return [pool[:, pool.shape[1] - count :] for pool, count in zip(pools, counts, strict=True)]
