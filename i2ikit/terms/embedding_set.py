"""Similarity of two images as sets of patches."""

from collections.abc import Sequence

import torch
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.interfaces import HeadUse, Read, SamplingPlan, StepReader
from i2ikit.interfaces.losses import ComparisonLoss, require
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term
from i2ikit.terms.patch import Sampler


@TERMS.register_module()
class EmbeddingSetTerm(Term):
    """Two images of one domain, such as a real and a generated one, should be similar as sets of patches.

    ``head`` embeds the patches of each image, a separate head for each image (``EmbeddingSetHead``) embeds the set, and
    the two vectors are compared. Gradient flows into both images.

    Args:
        first, second: (generator, image) whose features are compared, such as ``("ab", "a")`` and ``("ab", "ba(b)")``.
        taps: names of the layers.
        head: name of the head that embeds the patches.
        set_heads: names of the heads that embed the set of patches of the first and of the second image.
        loss: a loss of two batches of vectors (B, E).
        sampler: chooses the positions, separately for each image.

    Raises:
        ValueError: no taps, not two names in a pair, or a loss that does not compare two tensors.
        ShapeError: the layers give different numbers of patches; lower the sampler's number.
    Source:
        Han et al. 2021, arXiv:2104.07689, the similarity loss of SimDCL. differs: the published code samples
        the real image at the positions of its contrastive term, and only the generated image at new ones.
    Example:
        >>> from i2ikit.losses import L1Loss
        >>> from i2ikit.samplers import RandomSampler
        >>> images = {"first": ("ab", "a"), "second": ("ab", "ba(b)")}
        >>> term = EmbeddingSetTerm(**images, taps=["stem"], head="f", set_heads=("real", "fake"), loss=L1Loss(),
        ...                         sampler=RandomSampler(64))
        >>> [read.image for read in term.reads()]
        ['a', 'ba(b)']
    """

    def __init__(
        self,
        first: Sequence[str],
        second: Sequence[str],
        taps: Sequence[str],
        head: str,
        set_heads: Sequence[str],
        loss: ComparisonLoss,
        sampler: Sampler,
    ) -> None:
        super().__init__()
        for name, pair in (("first", first), ("second", second), ("set_heads", set_heads)):
            if isinstance(pair, str) or len(pair) != 2:
                raise ValueError(f"{name} needs two names, not {pair!r}")
        if isinstance(taps, str) or not isinstance(taps, Sequence) or not taps:
            raise ValueError(f"taps must list at least one layer, not {taps!r}")
        self.sources = [(first[0], first[1]), (second[0], second[1])]
        self.taps, self.head, self.set_heads = list(taps), head, list(set_heads)
        self.loss, self.sampler = require(loss, "comparison"), sampler

    def reads(self) -> list[Read]:
        """Return the features of both images and what the sampler reads."""
        return [*(Read.taps_of(*source, self.taps) for source in self.sources), *self.sampler.reads()]

    def heads(self) -> list[HeadUse]:
        """Return the heads of the patches and of the sets."""
        uses = zip(self.sources, self.set_heads, strict=True)
        return [HeadUse(head, source[0], tuple(self.taps)) for source, own in uses for head in (self.head, own)]

    def forward(self, step: StepReader) -> Tensor:
        """Return the distance of the two images."""
        read = [step.taps(*source, self.taps) for source in self.sources]
        maps = [features[tap] for features in read for tap in self.taps]
        plans = self.sampler.plan(step, maps, maps)  # one for each layer of each image: no two share their positions
        layers = len(self.taps)
        first = self._embed(step, self.set_heads[0], maps[:layers], plans[:layers])
        second = self._embed(step, self.set_heads[1], maps[layers:], plans[layers:])
        return self.loss(first, second)

    def _embed(self, step: StepReader, set_head: str, maps: Sequence[Tensor], plans: Sequence[SamplingPlan]) -> Tensor:
        embed = step.head(self.head)
        rows = [embed(plan.read(x), layer, "query") for layer, (plan, x) in enumerate(zip(plans, maps, strict=True))]
        if len({x.shape for x in rows}) > 1:
            shapes = ", ".join(f"{tap} {tuple(x.shape)}" for tap, x in zip(self.taps, rows, strict=True))
            raise ShapeError(f"EmbeddingSetTerm needs equal numbers of patches, got {shapes}; lower the sampler's num")
        return step.head(set_head)(torch.stack(rows, dim=1))  # (B, L, S, D) -> (B, E)
