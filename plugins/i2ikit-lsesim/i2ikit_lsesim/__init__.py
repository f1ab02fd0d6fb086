"""FSeSim and LSeSim for i2ikit: the self-similarity of an image should survive its translation."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the modules whose import registers the parts."""
    return [f"i2ikit_lsesim.{module}" for module in ("losses", "head", "self_similarity", "contrast", "views")]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
