"""Phases: the networks that are updated together, and their objective."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from i2ikit.interfaces.progress import Progress, Schedule
from i2ikit.terms.base import Term


@dataclass(frozen=True)
class WeightedTerm:
    """A term of a phase, with its weight.

    Attributes:
        term: the term.
        weight: its weight as a function of progress; a negative one makes the phase maximize the term.
        stream: name of its random stream; empty: the term's own name. Terms of one stream sample the same positions.
    """

    term: Term
    weight: Schedule
    stream: str = ""


@dataclass(frozen=True)
class Phase:
    """One update of a step.

    Attributes:
        name: its key in the config.
        update: full names of the networks that are updated, such as ``"generators.ab"``.
        terms: the objective, in the order of the config.
        optimizer: changes to the config's optimizer for this phase, for the engine.
        groups: changes per network or kind of network (``"heads"``, ``"heads.f"``), for the engine.
    """

    name: str
    update: tuple[str, ...]
    terms: Mapping[str, WeightedTerm]
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def active(self, progress: Progress) -> dict[str, tuple[Term, float]]:
        """Return the terms whose weight is not 0 at this progress, with their weights."""
        weights = {name: weighted.weight(progress) for name, weighted in self.terms.items()}
        return {name: (self.terms[name].term, weight) for name, weight in weights.items() if weight != 0}
