"""`i2ikit list`: the parts that configs are made of."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, complain, make_table, out

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.registry import Registry

CONFIGS = "configs"


def list_parts(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Such as losses or generators; configs lists the configs.")
    ] = None,
) -> None:
    """List the registered parts, or the packaged configs."""
    with busy("Importing the parts"):
        if kind == CONFIGS:
            from i2ikit.config import packaged_configs

            table = make_table(["config", "file"], ((name, str(path)) for name, path in packaged_configs().items()))
        else:
            from i2ikit.registry import REGISTRIES

            table = _parts(list(REGISTRIES.values()) if kind is None else [find_registry(kind)])
    out().print(table)
    _report_broken_plugins()


def find_registry(kind: str) -> "Registry":
    """Return the registry of a kind, named in the plural (``losses``) or the singular (``loss``).

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


def package_of(part: type[Any]) -> str:
    """Return the package that registered a part."""
    from i2ikit.plugin import get_manager

    owner = get_manager().owner(part.__module__)
    return owner.package if owner else part.__module__.partition(".")[0]


def _parts(registries: "Sequence[Registry]") -> "Table":
    from i2ikit.interfaces.losses import contract

    with_kind, with_contract = len(registries) > 1, [each.plural for each in registries] == ["losses"]
    columns = [*["kind"] * with_kind, "name", *["contract"] * with_contract, "description", "package"]
    rows = []
    for registry in registries:
        names = registry.names()
        for name in names:
            part = registry.module_dict[name]
            summary = inspect.cleandoc(part.__doc__ or "").partition("\n")[0]
            cells = {
                "kind": registry.plural if name == names[0] else "",
                "name": name,
                "contract": contract(part) if with_contract else "",
                "description": summary.partition(" Contract: ")[0] if with_contract else summary,
                "package": package_of(part),
            }
            rows.append([cells[column] for column in columns])
    return make_table(columns, rows, wrap="description")


def _report_broken_plugins() -> None:
    """Report on standard error that parts are missing from a list."""
    from i2ikit.plugin import get_manager

    broken = [info.title for info in get_manager().plugins if info.error]
    if broken:
        complain(f"broken plugins, see `i2ikit plugins`: {', '.join(broken)}")
