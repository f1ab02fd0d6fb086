"""Hook specifications: what a plugin can add to i2ikit. Plugins register under the entry-point group ``i2ikit``."""

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
    """Return names of modules or packages that register parts on import. Of a package, all modules are imported."""


@hookspec
def i2ikit_configs() -> Sequence[str | Path]:  # type: ignore[empty-body]
    """Return folders of configs with one subfolder per method; ``cut/maps.py`` in one is the config ``cut/maps``."""


@hookspec
def i2ikit_commands(app: "typer.Typer") -> None:
    """Add commands to the command line ``app``."""
