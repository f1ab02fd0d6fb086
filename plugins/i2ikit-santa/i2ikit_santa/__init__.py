"""SANTA for i2ikit: one encoder, and a decoder that goes along a short path from one domain to the other."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the modules whose import registers the parts."""
    return [f"i2ikit_santa.{module}" for module in ("encoder", "decoder", "views", "terms")]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
