"""`i2ikit list`: the parts that configs are made of."""

import inspect
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.completion import complete_kind
from i2ikit.cli.console import busy, complain, make_table, out, write
from i2ikit.kinds import find_kind

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.registry import Registry

CONFIGS = "configs"


def list_parts(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help="Such as losses or generators; configs lists the configs.",
            autocompletion=complete_kind,
        ),
    ] = None,
) -> None:
    """List the registered parts, or the packaged configs."""
    with busy("Importing the parts"):
        from i2ikit.config import packaged_configs
        from i2ikit.registry import REGISTRIES

        lines = list(_configs(packaged_configs())) if kind == CONFIGS else []
        table = None
        if kind != CONFIGS:
            table = _parts(REGISTRIES.values() if kind is None else [REGISTRIES[find_kind(kind, CONFIGS).plural]])
    for line in lines:
        write(line)
    if table is not None:
        out().print(table)
    _report_broken_plugins()


def package_of(part: type[Any]) -> str:
    """Return the package that registered a part."""
    from i2ikit.plugin import get_manager

    owner = get_manager().owner(part.__module__)
    return owner.package if owner else part.__module__.partition(".")[0]


def _configs(names: Iterable[str]) -> Iterator[str]:
    """Yield a line for each method, with its data sets; a config is called METHOD/DATA."""
    methods: dict[str, list[str]] = {}
    for name in names:
        method, _, data = name.rpartition("/")
        methods.setdefault(f"{method}/", []).append(data)
    width = max(map(len, methods), default=0) + 2
    yield from (f"{method:<{width}}{' '.join(data)}" for method, data in methods.items())


def _parts(registries: "Collection[Registry]") -> "Table":
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
