"""`i2ikit new`: a new part with its test, or a new plugin, to be filled with life."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import out
from i2ikit.errors import I2IKitError


def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as loss, sampler or generator; or plugin.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as CharbonnierLoss; of a plugin, i2ikit-foo.")],
    into: Annotated[
        Path,
        typer.Option("--into", metavar="DIR", help="A plugin or a checkout; for a plugin, where to put it."),
    ] = Path(),
    parts: Annotated[
        str | None, typer.Option("--with", metavar="KINDS", help="Kinds of the plugin's first parts: sampler,loss.")
    ] = None,
) -> None:
    """Write a new part with a test that passes, or a new plugin."""
    from rich.text import Text

    from i2ikit.cli import scaffold

    if kind == scaffold.PLUGIN:
        kinds = [scaffold.kind_called(each.strip()) for each in (parts or "").split(",") if each.strip()]
        written = scaffold.new_plugin(name, kinds, into)
        root = into / name
        then = f"pip install --editable {root} && pytest {root}"
    elif parts is not None:
        raise I2IKitError("--with belongs to `i2ikit new plugin`")
    else:
        home = scaffold.find_home(into)
        kind = scaffold.kind_called(kind)
        _refuse_taken(scaffold.KINDS[kind], name)
        written = scaffold.new_part(kind, name, home)
        then = f"pytest {_shown(list(written)[-1])}"
    scaffold.write(written)
    console = out()
    for path in written:
        console.print(Text(f"wrote {_shown(path)}"), soft_wrap=True)
    console.print(Text(f"try   {then}"), soft_wrap=True)


def _refuse_taken(plural: str, name: str) -> None:
    from i2ikit.plugin import get_manager

    for info, part in get_manager().declared():
        if (part.registry, part.name) == (plural, name):
            raise I2IKitError(f"{name!r} is taken: {part.module} of {info.package} registers it; choose another name")


def _shown(path: Path) -> Path:
    """Return a path relative to the working directory where it lies below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
