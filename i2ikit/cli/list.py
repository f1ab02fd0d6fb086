"""`i2ikit list`: the parts that configs are made of."""

import ast
import inspect
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.completion import complete_kind
from i2ikit.cli.console import busy, complain, make_table, out, write
from i2ikit.kinds import HOOKS, KINDS, Kind, find_kind

if TYPE_CHECKING:
    from rich.table import Table

CONFIGS = "configs"
RECIPES = "recipes"


def list_parts(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help="Such as losses or generators; configs and recipes list those.",
            autocompletion=complete_kind,
        ),
    ] = None,
) -> None:
    """List registered parts, packaged configs, or recipes."""
    with busy("Importing the parts"):
        from i2ikit.config import packaged_configs

        lines = list(_configs(packaged_configs())) if kind == CONFIGS else []
        table = None
        if kind == RECIPES:
            table = _recipes()
        elif kind != CONFIGS:
            table = _parts((*KINDS, HOOKS) if kind is None else (find_kind(kind, CONFIGS, RECIPES),))
    for line in lines:
        write(line)
    if table is not None:
        out().print(table)
    _report_broken_plugins()


def parts_of(kind: Kind) -> dict[str, type[Any]]:
    """Return the registered parts of a kind by name, sorted."""
    from i2ikit.config.mmengine_parts import HOOK
    from i2ikit.registry import REGISTRIES

    if kind is HOOKS:
        return dict(sorted(HOOK.known().items()))
    registry = REGISTRIES[kind.plural]
    return {name: registry.module_dict[name] for name in registry.names()}


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


def _recipes() -> "Table":
    """Return a table of the recipes with the first lines of their docstrings."""
    from i2ikit.config.recipes import packaged_recipes

    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in sorted(packaged_recipes().items())}
    rows = [[name, (ast.get_docstring(tree) or "").partition("\n")[0]] for name, tree in trees.items()]
    return make_table(["name", "description"], rows, wrap="description")


def _parts(kinds: Collection[Kind]) -> "Table":
    from i2ikit.interfaces.losses import contract

    with_kind, with_contract = len(kinds) > 1, [each.plural for each in kinds] == ["losses"]
    columns = [*["kind"] * with_kind, "name", *["contract"] * with_contract, "description", "package"]
    rows = []
    for kind in kinds:
        parts = parts_of(kind)
        for name, part in parts.items():
            summary = inspect.cleandoc(part.__doc__ or "").partition("\n")[0]
            cells = {
                "kind": kind.plural if name == next(iter(parts)) else "",
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
