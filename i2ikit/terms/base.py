"""What a term of an objective is."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from i2ikit.interfaces import HeadUse, Read, StepReader


def comparison(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a loss of two tensors as it is.

    Raises:
        ValueError: it is a loss of another kind, such as an adversarial one, which cannot be called.
    """
    if not callable(loss) or (isinstance(loss, nn.Module) and type(loss).forward is nn.Module.forward):
        raise ValueError(f"loss must compare two tensors, such as L1Loss, not {type(loss).__name__}")
    return loss


class Term(nn.Module, ABC):
    """One summand of an objective. Its weight stands in the config and is applied by the phase, once.

    A term says beforehand what it reads, so that one pass of a network can serve all terms.
    """

    @abstractmethod
    def reads(self) -> list[Read]:
        """Return everything that :meth:`__call__` will ask the step for."""

    def heads(self) -> list[HeadUse]:
        """Return the heads that the term uses, with the features it feeds each."""
        return []

    @abstractmethod
    def forward(self, step: StepReader) -> Tensor:
        """Return the unweighted value, a scalar."""
