"""`i2ikit show`: everything about one part."""

import inspect
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.list import registry_called

if TYPE_CHECKING:
    from rich.table import Table

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def show(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as losses; see `i2ikit list`.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as PatchNCELoss.")],
) -> None:
    """Show what a part does, its arguments, where it comes from, and a line for a config."""
    from rich.text import Text

    from i2ikit.plugin import get_manager

    with busy("Looking for parts"):
        registry = registry_called(kind)
        part = registry.get(name)
        owner = get_manager().owner(part.__module__)
    parameters = [value for value in inspect.signature(part).parameters.values() if value.kind not in VARIADIC]
    console = out()
    console.print(Text.assemble((name, "bold"), f"  {registry.kind}"))
    console.print(Text(inspect.getdoc(part) or "It has no docstring."), soft_wrap=True)
    console.print()
    if parameters:
        console.print(_arguments(parameters))
        console.print()
    source = f" of {owner.package} {owner.version}" if owner else ""
    console.print(Text.assemble(("module   ", "bold"), f"{part.__module__}{source}"), soft_wrap=True)
    console.print(Text.assemble(("config   ", "bold"), example(registry.plural, name, parameters)), soft_wrap=True)


def example(plural: str, name: str, parameters: list[inspect.Parameter]) -> str:
    """Return a config line of a part: its defaults written out, ``...`` where a value has to be given."""
    arguments = [f"{value.name}={_default(value) or '...'}" for value in parameters]
    if plural == "heads":  # made for the widths of a generator's taps, which the config names instead
        arguments = ['of="ab"', "taps=[...]", *(text for text in arguments if not text.startswith("widths="))]
    quoted = f'type="{name}"'
    return f"dict({', '.join([quoted, *arguments])})"


def _arguments(parameters: list[inspect.Parameter]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("argument", "default", "type"):
        table.add_column(column, overflow="fold")
    for value in parameters:
        cells = (value.name, _default(value) or "(needed)", _type(value.annotation))
        table.add_row(*map(Text, cells))
    return table


def _default(value: inspect.Parameter) -> str:
    """Return a default as Python, or an empty string."""
    from i2ikit.config.dump import as_source

    return "" if value.default is inspect.Parameter.empty else as_source(value.default)


def _type(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    return annotation.__name__ if type(annotation) is type else re.sub(r"\b\w+\.", "", str(annotation))
