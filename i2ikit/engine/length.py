"""How long a run is."""

import math
from collections.abc import Mapping
from typing import Any

from i2ikit.data.loading import TrainLoader
from i2ikit.errors import DataError


def steps_per_epoch(loader: TrainLoader, accumulate: int) -> int:
    """Return the steps of one epoch, each of ``accumulate`` batches; a rest is dropped.

    Raises:
        DataError: an epoch has fewer batches than one step.
    """
    if len(loader) < accumulate:
        raise DataError(
            f"an epoch has {len(loader)} batches, fewer than one step of train.accumulate={accumulate}. Add images, "
            f"or accumulate less: `--set train.accumulate={max(1, len(loader))}`."
        )
    return len(loader) // accumulate


def run_length(train: Mapping[str, Any], batches: int, max_steps: int | None) -> tuple[int, int]:
    """Return steps and epochs of a run.

    Args:
        train: the config's ``train``: ``epochs`` or ``steps``.
        batches: steps of one epoch, >= 1.
        max_steps: cuts the steps, not the epochs that the config names.
    """
    epochs: int | None = train.get("epochs")
    total: int = train["steps"] if epochs is None else epochs * batches
    if max_steps is not None:
        total = min(total, max_steps)
    return total, math.ceil(total / batches) if epochs is None else epochs
