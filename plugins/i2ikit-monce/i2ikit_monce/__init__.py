"""MoNCE for i2ikit: negatives weighted by optimal transport."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the module whose import registers the parts."""
    return ["i2ikit_monce.transport_negatives"]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
