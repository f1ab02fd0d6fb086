"""Hook specifications: what a plugin can give to i2ikit. Plugins register under the entry-point group ``i2ikit``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import typer

GROUP = "i2ikit"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def i2ikit_components() -> Sequence[str]:  # type: ignore[empty-body]
    """Return names of modules or packages whose import registers parts; packages are imported with their modules."""


@hookspec
def i2ikit_configs() -> Sequence[str | Path]:  # type: ignore[empty-body]
    """Return folders of configs, each with one folder a method, that can be used by name (``enco/horse2zebra``)."""


@hookspec
def i2ikit_commands(app: "typer.Typer") -> None:
    """Add commands to the command line ``app``."""
