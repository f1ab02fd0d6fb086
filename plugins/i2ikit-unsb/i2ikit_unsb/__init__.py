"""UNSB for i2ikit: translation in several random steps, along a Schroedinger bridge."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the modules whose import registers the parts."""
    return [f"i2ikit_unsb.{module}" for module in ("generator", "discriminator", "chain", "views", "terms")]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
