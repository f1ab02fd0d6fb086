"""What a term of an objective is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from i2ikit.interfaces import HeadUse, Read, StepReader


class Term(nn.Module, ABC):
    """One summand of an objective. Its weight is set in the config and applied once, by the phase.

    A term lists beforehand what it reads, so that one pass of a network can serve all terms.
    """

    @abstractmethod
    def reads(self) -> list[Read]:
        """Return everything that :meth:`forward` reads from the step."""

    def heads(self) -> list[HeadUse]:
        """Return the heads that the term uses, each with its features."""
        return []

    @abstractmethod
    def forward(self, step: StepReader) -> Tensor:
        """Return the unweighted value, a scalar."""
