"""Negatives from the rows at hand."""

from torch import Tensor

from i2ikit.interfaces import Negatives, StepReader
from i2ikit.registry import NEGATIVES


@NEGATIVES.register_module()
class WithinImage:
    """The other positions of the same image.

    Source:
        Park et al. 2020 (CUT), arXiv:2007.15651, the "internal" patches of eq. 4.
    Example:
        >>> WithinImage()(None, torch.zeros(2, 8, 4), torch.zeros(2, 8, 4), layer=0).whole_batch
        False
    """

    def __call__(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the negatives of rows (B, S, D) of one layer."""
        return Negatives()


@NEGATIVES.register_module()
class WholeBatch:
    """The other positions of all images of the batch.

    Source:
        DCLGAN, arXiv:2104.07689, and SinCUT, arXiv:2007.15651 section 4.4.
    Example:
        >>> WholeBatch()(None, torch.zeros(2, 8, 4), torch.zeros(2, 8, 4), layer=0).whole_batch
        True
    """

    def __call__(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the negatives of rows (B, S, D) of one layer."""
        return Negatives(whole_batch=True)
