"""Where the parts of a checkpoint come from that are not installed here."""

import re
from collections.abc import Mapping
from pathlib import Path

from i2ikit.config.imports import IMPORTS, imported_hash
from i2ikit.config.key_paths import shown
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.plugin import get_manager

PLUGIN_NAME = re.compile(r"i2ikit[-_][a-z0-9]+([-_][a-z0-9]+)*")  # what a file may advise to install


def part_hints(path: Path, checkpoint: Checkpoint) -> str:
    """Return a line for each own file and each plugin of the run: where it is, or how to install it.

    Args:
        path: of the checkpoint.
        checkpoint: its content.
    """
    hints, installed = "", {info.package for info in get_manager().plugins}
    own = checkpoint.config.get(IMPORTS)
    for file in own if isinstance(own, list) else ():
        hints += f"\n  {_about_file(Path(str(file)), path, checkpoint)}"
    for plugin, about in checkpoint.plugins.items():
        package = about.get("package", plugin)
        if package in installed or PLUGIN_NAME.fullmatch(package):
            problem = get_manager().problem(package) or "it is installed"
        else:
            problem = "this is not the name of a plugin of i2ikit; install it only if you know where it comes from"
        hints += f"\n  It was trained with {package!r} {about.get('version', '')!r}: {problem}."
    return hints


def _about_file(file: Path, path: Path, checkpoint: Checkpoint) -> str:
    """Return where a file of ``imports`` came from, and how to use it; a checkpoint itself executes no file."""
    files = checkpoint.extra.get("files")
    digest = str(files.get(f"{IMPORTS}.{file.name}", "")) if isinstance(files, Mapping) else ""
    if digest and imported_hash(file.name) == digest:
        return f"It was trained with parts of {file.name!r}, which is imported."
    copy = path.absolute().parents[1] / IMPORTS / file.name
    found = next((shown(each) for each in (copy, file) if each.is_file()), file.name)
    version = f", SHA-256 {digest[:12]!r}" if digest else ""
    return f"It was trained with parts of {str(file)!r}{version}. If you trust that file: --import {found!r}"
