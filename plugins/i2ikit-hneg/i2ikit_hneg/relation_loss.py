"""Semantic relation consistency: positions of the output are related as those of the input are."""

from torch import Tensor, nn

from i2ikit.checks import same_shape
from i2ikit.registry import LOSSES
from i2ikit_hneg.relations import divergence, relations


@LOSSES.register_module()
class RelationConsistencyLoss(nn.Module):
    """Sum, over the positions of an image, of how far its relations to all positions differ between query and key.

    Contract: comparison.

    Shape:
        query, key: (B, S, D), unit length along D; the rows of an image are one set.
        returns: scalar in nats, the mean over images, 0..S * log 2.

    Raises:
        ShapeError: query and key differ in shape.
    Source:
        Jung et al. 2022, arXiv:2203.01532, the SRC loss. differs: the mean over images; the published code takes
        one image.
    """

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the loss of one layer; no gradient flows into the key."""
        same_shape(type(self).__name__, query=query, key=key)
        return divergence(relations(query), relations(key.detach())).sum(-1).mean()
