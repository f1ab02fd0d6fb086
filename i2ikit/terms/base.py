"""What a term of an objective is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from i2ikit.interfaces import HeadUse, Read, StepReader


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
