"""The built-in parts and configs, offered by the same hooks that a third-party package uses."""

from collections.abc import Sequence
from pathlib import Path

import i2ikit
from i2ikit.plugin.hooks import hookimpl

PARTS = (
    "generators",
    "discriminators",
    "heads",
    "samplers",
    "negatives",
    "losses",
    "terms",
    "views",
    "schedules",
    "datasets",
    "transforms",
    "metrics",
)


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Name the packages of the core that hold parts."""
    return [f"i2ikit.{part}" for part in PARTS]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Name the folder of packaged configs: inside an installed package, beside the package in a checkout."""
    package = Path(i2ikit.__file__).parent
    packaged = package / "packaged_configs"
    return [packaged if packaged.is_dir() else package.parent / "configs"]
