"""FSeSim's term, and the generator's side of LSeSim."""

from collections.abc import Sequence

import torch
from torch import Tensor

from i2ikit.interfaces import HeadUse, Read, StepReader
from i2ikit.interfaces.losses import ComparisonLoss, require
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term
from i2ikit_lsesim.rows import SimilarityRows


@TERMS.register_module()
class SelfSimilarityTerm(Term):
    """An image should have the self-similarity of a target, whatever its colors and textures.

    Args:
        network: full name of the network that computes the features, such as ``"extractors.vgg"``.
        image: expression of the image that is trained, ``"ab(a)"``.
        target: expression of the image whose similarities it should have, ``"a"``; no gradient flows into it.
        taps: of the network, at least one.
        loss: a loss of two sets of rows (B, S, N), ``dict(type="SimilarityCosineLoss")``.
        head: name of a head that embeds each position before similarities are computed (LSeSim); None: FSeSim.
        num: positions per tap that are compared with the positions around them, >= 1. Published: 256.
        window: side P of the window around a position; the complete map where it is smaller. Published: 64.
        cosine: similarities are cosines; else tanh of inner products, as published.

    Raises:
        ValueError: an argument is out of its range.
    Source:
        Zheng et al. 2021 (F-LSeSim), arXiv:2104.00854, eq. 4.
    Example:
        >>> from i2ikit_lsesim.losses import SimilarityCosineLoss
        >>> term = SelfSimilarityTerm("extractors.vgg", "ab(a)", "a", ["relu3_1"], SimilarityCosineLoss())
        >>> [(read.image, read.grad) for read in term.reads()]
        [('ab(a)', True), ('a', False)]
    """

    def __init__(
        self,
        network: str,
        image: str,
        target: str,
        taps: Sequence[str],
        loss: ComparisonLoss,
        *,
        head: str | None = None,
        num: int = 256,
        window: int = 64,
        cosine: bool = False,
    ) -> None:
        super().__init__()
        self.image, self.target, self.loss = image, target, require(loss, "comparison")
        self.rows = SimilarityRows(network, taps, head, num, window, cosine=cosine)

    def reads(self) -> list[Read]:
        """Return the features of both images."""
        return [
            Read.taps_of(self.rows.network, self.image, self.rows.taps),
            Read.taps_of(self.rows.network, self.target, self.rows.taps, grad=False),
        ]

    def heads(self) -> list[HeadUse]:
        """Return the use of the head, if there is one."""
        return self.rows.uses()

    def forward(self, step: StepReader) -> Tensor:
        """Return the mean of the loss over taps."""
        rows = self.rows.read(step, (self.image, self.target), trained=self.image)
        return torch.stack([self.loss(image, target) for image, target in rows]).mean()
