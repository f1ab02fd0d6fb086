"""`i2ikit list`: the parts that configs are made of."""

from typing import TYPE_CHECKING, Annotated

import typer

from i2ikit.cli.console import busy, complain, out

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.plugin.scan import Declared
    from i2ikit.registry import Registry

CONFIGS = "configs"


def list_parts(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Such as losses or generators; configs lists the configs.")
    ] = None,
) -> None:
    """List parts, with what they do and who brings them."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    with busy("Looking for parts"):
        if kind == CONFIGS:
            _fill_configs(table)
        else:
            _fill_parts(table, None if kind is None else registry_called(kind))
    out().print(table)
    _mention_broken()


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


def _fill_configs(table: "Table") -> None:
    from rich.text import Text

    from i2ikit.config import packaged_configs

    table.add_column("config", no_wrap=True)
    table.add_column("file", overflow="fold")
    for name, path in packaged_configs().items():
        table.add_row(*map(Text, (name, str(path))))


def _fill_parts(table: "Table", registry: "Registry | None") -> None:
    """List the parts of one registry, or of all: what their sources declare, so that nothing has to be imported."""
    from rich.text import Text

    from i2ikit.plugin import get_manager
    from i2ikit.registry import REGISTRIES

    rows = [
        (part.registry, part.name, part.summary, info.package)
        for info, part in get_manager().declared()
        if info.state == "ready" or _is_registered(part)
    ]
    if registry is None:
        table.add_column("kind", no_wrap=True)
    for column in ("name", "what it is", "from"):
        table.add_column(column, no_wrap=column != "what it is")
    for plural in REGISTRIES if registry is None else [registry.plural]:
        shown = sorted(row for row in rows if row[0] == plural)
        for index, (_, *cells) in enumerate(shown):
            heading = [] if registry is not None else [plural if index == 0 else ""]
            table.add_row(*map(Text, [*heading, *cells]), end_section=index == len(shown) - 1)


def _is_registered(part: "Declared") -> bool:
    """Say whether a part of a broken plugin can be used all the same."""
    from i2ikit.registry import REGISTRIES

    registry = REGISTRIES.get(part.registry)
    found = registry.module_dict.get(part.name) if registry is not None else None
    return found is not None and found.__module__ == part.module


def _mention_broken() -> None:
    """Say on standard error that parts are missing from a list."""
    from i2ikit.plugin import get_manager

    broken = [info.title for info in get_manager().plugins if info.error]
    if broken:
        complain(f"broken plugins, see `i2ikit plugins`: {', '.join(broken)}")
