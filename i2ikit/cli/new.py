"""`i2ikit new`: a new part with its test, or a new plugin."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.completion import complete_kind
from i2ikit.cli.console import busy, write
from i2ikit.cli.list import parts_of
from i2ikit.errors import I2IKitError
from i2ikit.kinds import Kind, find_kind

PLUGIN = "plugin"


def new(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="Such as loss, sampler or generator; or plugin.", autocompletion=complete_kind
        ),
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as CharbonnierLoss; of a plugin, i2ikit-foo.")],
    into: Annotated[
        Path,
        typer.Option(
            "--into", metavar="DIR", help="Plugin, checkout or other folder of a part; parent folder of a new plugin."
        ),
    ] = Path(),
    parts: Annotated[
        str | None, typer.Option("--with", metavar="KINDS", help="First parts of a new plugin, such as sampler,loss.")
    ] = None,
) -> None:
    """Write a new part with a passing test, or a new plugin.

    Outside of a plugin the part is a file for `imports` of a config.
    """
    from i2ikit.cli import scaffold

    if kind == PLUGIN:
        kinds = [find_kind(each.strip()) for each in (parts or "").split(",") if each.strip()]
        written = scaffold.new_plugin(name, kinds, into)
        root = into / name
        then = f"pip install --editable '{root}[test]' && pytest {root}"
    elif parts is not None:
        raise I2IKitError("--with belongs to `i2ikit new plugin`")
    else:
        home, found = scaffold.find_home(into), find_kind(kind, PLUGIN)
        name = name if home else scaffold.class_name(found, name)
        written = scaffold.new_part(found, name, *home) if home else scaffold.new_file(found, name, into)
        _refuse_taken(found, name)
        part, test = written
        then = f"pytest {_relative(test)}"
        if home is None:
            then += f'\nuse   imports=["{part.name}"] in a config beside it, and type="{name}" where the {kind} belongs'
    scaffold.write(written)
    for path in written:
        write(f"wrote {_relative(path)}")
    write(f"try   {then}")


def _refuse_taken(kind: Kind, name: str) -> None:
    with busy("Importing the parts"):
        parts = parts_of(kind)
    if name in parts:
        raise I2IKitError(f"{name!r} is taken: {parts[name].__module__} registers it; choose another name")


def _relative(path: Path) -> Path:
    """Return a path relative to the working directory if it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
