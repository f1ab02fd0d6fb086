"""The smallest useful plugin: one loss and one config. Importing this imports nothing heavy."""

from pathlib import Path

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> list[str]:
    """Name the modules that hold parts."""
    return ["i2ikit_example.edge"]


@hookimpl
def i2ikit_configs() -> list[Path]:
    """Name the folder of configs."""
    return [Path(__file__).parent / "configs"]
