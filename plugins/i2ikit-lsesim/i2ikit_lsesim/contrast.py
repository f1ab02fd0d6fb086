"""The term that trains LSeSim's head."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.checks import positive
from i2ikit.interfaces import HeadUse, Read, StepReader
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term
from i2ikit_lsesim.rows import SimilarityRows


def similarity_contrast(source: Tensor, target: Tensor, other: Tensor, tau: float) -> Tensor:
    """Return the cross entropy of finding a position's row of ``source`` among those of ``target``.

    The negatives are the rows of the other positions of ``target``, and those of ``other``, which both source and
    target should differ from.

    Args:
        source, target, other: (B, S, N) rows.
        tau: softmax temperature, > 0.
    Shape:
        returns: a scalar in nats, the mean over B * S.
    Source:
        Zheng et al. 2021 (LSeSim), arXiv:2104.00854, eq. 5, in the form of the published code.
    """
    source, target, other = (F.normalize(rows, dim=-1, eps=1e-12) for rows in (source, target, other))
    logits = torch.cat([source @ target.mT, source @ other.mT, target @ other.mT], dim=-1) / tau  # (B, S, 3S)
    own = torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
    return F.cross_entropy(logits.flatten(0, 1), own.flatten())


@TERMS.register_module()
class SimilarityContrastTerm(Term):
    """Train a head: a position's similarities in one image are those in its translation, and no other position's.

    Gradient flows into the head alone.

    Args:
        network: full name of the network that computes the features, such as ``"extractors.vgg"``.
        source, target: expressions of two images of one content, ``"a"`` and ``"ab(a)"``.
        other: expression of an image of another content, ``"turn(b)"``.
        taps: of the network, at least one.
        head: name of the head.
        tau: softmax temperature, > 0.
        num, window, cosine: as in ``SelfSimilarityTerm``.

    Raises:
        ValueError: an argument is out of its range.
        ShapeError: the images differ in size.
    Source:
        Zheng et al. 2021 (LSeSim), arXiv:2104.00854, eq. 5.
    Example:
        >>> term = SimilarityContrastTerm("extractors.vgg", "a", "ab(a)", "turn(b)", ["relu3_1"], "f")
        >>> [read.image for read in term.reads()]
        ['a', 'ab(a)', 'turn(b)']
    """

    def __init__(
        self,
        network: str,
        source: str,
        target: str,
        other: str,
        taps: Sequence[str],
        head: str,
        *,
        tau: float = 0.07,
        num: int = 256,
        window: int = 64,
        cosine: bool = False,
    ) -> None:
        super().__init__()
        self.images, self.tau = (source, target, other), positive("tau", tau)
        self.rows = SimilarityRows(network, taps, head, num, window, cosine=cosine)

    def reads(self) -> list[Read]:
        """Return the features of the three images."""
        return [Read.taps_of(self.rows.network, image, self.rows.taps, grad=False) for image in self.images]

    def heads(self) -> list[HeadUse]:
        """Return the use of the head."""
        return self.rows.uses()

    def forward(self, step: StepReader) -> Tensor:
        """Return the mean over taps."""
        rows = self.rows.read(step, self.images)
        return torch.stack(
            [similarity_contrast(source, target, other, self.tau) for source, target, other in rows]
        ).mean()
