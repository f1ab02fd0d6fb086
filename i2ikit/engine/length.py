"""How long a run is."""

import math
from collections.abc import Mapping
from typing import Any


def run_length(train: Mapping[str, Any], batches: int, max_steps: int | None) -> tuple[int, int]:
    """Return steps and epochs of a run.

    Args:
        train: the config's ``train``: ``epochs`` or ``steps``.
        batches: of one epoch, >= 1.
        max_steps: cuts the steps, not the epochs that the config names.
    """
    epochs: int | None = train.get("epochs")
    total: int = train["steps"] if epochs is None else epochs * batches
    if max_steps is not None:
        total = min(total, max_steps)
    return total, math.ceil(total / batches) if epochs is None else epochs
