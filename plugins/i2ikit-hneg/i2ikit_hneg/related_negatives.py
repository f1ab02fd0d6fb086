"""Hard negatives: positions that are related to the query's own position in the input."""

from torch import Tensor

from i2ikit.interfaces import Negatives, StepReader
from i2ikit.interfaces.progress import Schedule
from i2ikit.registry import NEGATIVES
from i2ikit_hneg.relations import related_weights


@NEGATIVES.register_module()
class RelatedNegatives:
    """The other positions of the same image; the similarity to each is multiplied by how related it is, in the input.

    A position that resembles the query's own position in the input is a hard negative and keeps its similarity; the
    similarity to the others shrinks. With ``DecoupledPatchNCELoss`` this is the hDCE loss. No gradient flows into
    the factors.
    Args:
        gamma_schedule: temperature of the relation by progress, > 0 in all of the run; high: equal weights.
            Published for horse2zebra: from 50 down to 10.
    Shape:
        query, key: (B, S, D), unit length along D.

    Raises:
        ValueError: the temperature is not above 0 at some step.
    Source:
        Jung et al. 2022, arXiv:2203.01532, the hDCE loss.
    """

    def __init__(self, gamma_schedule: Schedule) -> None:
        self.gamma_schedule = gamma_schedule

    def __call__(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the factors of the other positions for rows of one layer."""
        gamma = self.gamma_schedule(step.progress)
        if not gamma > 0:
            raise ValueError(f"gamma must be above 0, but gamma_schedule is {gamma} in epoch {step.progress.epoch}")
        return Negatives(scale=related_weights(key.detach(), gamma))
