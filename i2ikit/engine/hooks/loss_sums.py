"""Sums of losses over several steps."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

MOST = 1000  # steps whose losses are kept as tensors


class LossSums:
    """Sums of losses by term. Adding a step reads no value: those of many steps are read at once, when they are needed.

    Example:
        >>> sums = LossSums()
        >>> sums.add({"gan": torch.tensor(1.0)})
        >>> sums.add({"gan": torch.tensor(2.0), "identity": torch.tensor(4.0)})
        >>> sums.means()
        {'gan': 1.5, 'identity': 4.0}
    """

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._recent: list[Mapping[str, Tensor]] = []

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Add the losses of a step: scalars."""
        self._recent.append(losses)
        if len(self._recent) == MOST:
            self._read()

    def means(self, least: float = 1) -> dict[str, float]:
        """Return the mean of each term that was added in at least so many steps."""
        self._read()
        return {name: total / self._counts[name] for name, total in self._sums.items() if self._counts[name] >= least}

    def clear(self) -> None:
        """Begin again."""
        self._sums, self._counts, self._recent = {}, {}, []

    def state_dict(self) -> dict[str, Any]:
        """Return sums and counts, as plain data."""
        self._read()
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.clear()
        self._sums = {name: float(total) for name, total in state["sums"].items()}
        self._counts = {name: int(state["counts"][name]) for name in self._sums}

    def _read(self) -> None:
        recent, self._recent = self._recent, []
        for name, value in read_losses(recent):
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1


def read_losses(steps: list[Mapping[str, Tensor]]) -> list[tuple[str, float]]:
    """Return all losses of some steps with the names of their terms; a GPU is waited for once."""
    named = [(name, loss) for losses in steps for name, loss in losses.items()]
    if not named:
        return []
    values = torch.stack([loss.double() for _, loss in named]).tolist()
    return [(name, value) for (name, _), value in zip(named, values, strict=True)]
