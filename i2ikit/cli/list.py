"""`i2ikit list`: the parts that configs are made of."""

from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import busy, out

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.registry import Registry

CONFIGS = "configs"


def list_parts(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Such as losses or generators; configs lists the configs.")
    ] = None,
) -> None:
    """List the parts of one kind with what they do, or the names of all."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    with busy("Looking for parts"):
        if kind == CONFIGS:
            _fill_configs(table)
        elif kind is None:
            _fill_overview(table)
        else:
            _fill_parts(table, registry_called(kind))
    out().print(table)


def registry_called(kind: str) -> "Registry":
    """Return the registry of this name, in the plural (``losses``) or the singular (``loss``).

    Raises:
        I2IKitError: there is none; the message has the nearest names.
    """
    from i2ikit.errors import I2IKitError, nearest_hint
    from i2ikit.registry import REGISTRIES

    for registry in REGISTRIES.values():
        if kind in (registry.plural, registry.kind):
            return registry
    known = [*REGISTRIES, CONFIGS]
    raise I2IKitError(f"no kind of parts is called {kind!r}.{nearest_hint(kind, known)} Kinds: {', '.join(known)}.")


def summary(part: type) -> str:
    """Return the first line of a part's docstring."""
    return (part.__doc__ or "").strip().partition("\n")[0]


def _fill_configs(table: "Table") -> None:
    from rich.text import Text

    from i2ikit.config import packaged_configs

    table.add_column("config", no_wrap=True)
    table.add_column("file", overflow="fold")
    for name, path in packaged_configs().items():
        table.add_row(*map(Text, (name, str(path))))


def _fill_overview(table: "Table") -> None:
    from i2ikit.registry import REGISTRIES

    table.add_column("kind", no_wrap=True)
    table.add_column("parts")
    for registry in REGISTRIES.values():
        table.add_row(registry.plural, ", ".join(registry.names()) or "-")


def _fill_parts(table: "Table", registry: "Registry") -> None:
    from rich.text import Text

    from i2ikit.plugin import get_manager

    table.add_column("name", no_wrap=True)
    table.add_column("what it is")
    table.add_column("from", no_wrap=True)
    for name in registry.names():
        part = registry.get(name)
        owner = get_manager().owner(part.__module__)
        table.add_row(*map(Text, (name, summary(part), owner.package if owner else part.__module__)))
