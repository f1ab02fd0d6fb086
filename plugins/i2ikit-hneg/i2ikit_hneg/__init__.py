"""Semantic relation consistency and hard negatives by relation, for i2ikit."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the modules whose import registers the parts."""
    return ["i2ikit_hneg.related_negatives", "i2ikit_hneg.relation_loss"]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
