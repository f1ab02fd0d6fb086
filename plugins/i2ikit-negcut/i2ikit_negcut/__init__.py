"""NEGCUT for i2ikit: negatives made by a network that is trained against the translation."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the modules whose import registers the parts."""
    return [f"i2ikit_negcut.{module}" for module in ("negative_generator", "generated_negatives", "mode_seeking")]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
