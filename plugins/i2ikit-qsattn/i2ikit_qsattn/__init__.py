"""QS-Attn as a plugin of i2ikit: two samplers, and the configs that use them. Importing this imports nothing heavy."""

from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> list[str]:
    """Name the module that holds the samplers."""
    return ["i2ikit_qsattn.samplers"]


@hookimpl
def i2ikit_configs() -> list[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
