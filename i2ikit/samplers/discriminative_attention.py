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
    """Half of the places by the discriminator's score, drawn from a random pool, per image; the rest by ``_rest``."""

    def __init__(
        self, discriminator: str, image: str, *, num: int = 256, pool: int = 4, random_fraction: float = 0.5
    ) -> None:
        self.discriminator, self.image = discriminator, image
        self.num, self.pool = positive_int("num", num), positive_int("pool", pool)
        self.random_fraction = fraction("random_fraction", random_fraction)

    def reads(self) -> list[Read]:
        """Return what is read besides the features: the discriminator's answer, without gradient."""
        return [Read.logits_of(self.discriminator, self.image, grad=False)]

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer, with places of its own for each image, for features (B, C, H, W)."""
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
            # lowest logits, the least convincing places, first; what differs by a rounding of float64 is a tie
            pool = pool[row[pool].float().argsort(stable=True)]
            rows.append(torch.cat([pool[: num - rest], self._rest(step, f"rest/{layer}/{image}", pool, size, rest)]))
        return torch.stack(rows)

    @abstractmethod
    def _rest(self, step: StepReader, label: str, pool: Tensor, size: int, count: int) -> Tensor:
        """Return the ``count`` places that the score does not guide; ``pool`` is sorted, lowest score first."""


@SAMPLERS.register_module()
class DiscriminativeAttentionSampler(_ScoreGuidedSampler):
    """The lowest scores of a random pool, and a share of the places at random.

    Args:
        discriminator: name of the discriminator whose raw answers are the score.
        image: expression of the image that it judges, such as ``"ab(a)"``.
        num: places per layer, >= 1; a smaller map gives as many as it has.
        pool: candidates per place, >= 1.
        random_fraction: share of the places, 0..1, that are drawn without regard to the score; they may repeat others.
    Source:
        Cai et al. 2024 (EnCo), arXiv:2211.10867, discriminative attention-guided sampling, as released in 2024.
    """

    def _rest(self, step: StepReader, label: str, pool: Tensor, size: int, count: int) -> Tensor:
        return step.permutation(label, size, count).to(pool.device)


@SAMPLERS.register_module()
class ExtremeScoreSampler(_ScoreGuidedSampler):
    """The lowest scores of a random pool, and a share of the places with the highest scores of the same pool.

    Args:
        discriminator, image, num, pool: as in DiscriminativeAttentionSampler.
        random_fraction: share of the places, 0..1, that have the highest scores.
    Source:
        Cai et al. 2022 (EnCo, first version), arXiv:2211.10867v1, as in its released training command.
    """

    def _rest(self, step: StepReader, label: str, pool: Tensor, size: int, count: int) -> Tensor:
        return pool[len(pool) - count :]
