"""`i2ikit show`: everything about one part."""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.list import registry_called

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.plugin import PluginInfo
    from i2ikit.registry import Registry

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def show(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as losses; see `i2ikit list`.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as PatchNCELoss.")],
) -> None:
    """Show a part: what it does, its arguments, its source.

    With a line for a config.
    """
    from rich.text import Text

    with busy("Looking for parts"):
        registry = registry_called(kind)
        part = _read(registry, name) or _imported(registry, name)
    parameters = [value for value in part.parameters if value.kind not in VARIADIC]
    console = out()
    console.print(Text.assemble((name, "bold"), f"  {registry.kind}"))
    console.print(Text(part.docstring or "It has no docstring."), soft_wrap=True)
    console.print()
    if parameters:
        console.print(_arguments(parameters))
        console.print()
    source = f" of {part.owner.package} {part.owner.version}" if part.owner else ""
    console.print(Text.assemble(("module   ", "bold"), f"{part.module}{source}"), soft_wrap=True)
    console.print(Text.assemble(("config   ", "bold"), example(registry.plural, name, parameters)), soft_wrap=True)


@dataclass(frozen=True)
class Part:
    """What is shown of a part."""

    docstring: str | None
    parameters: Sequence[inspect.Parameter]
    module: str
    owner: "PluginInfo | None"


def _read(registry: "Registry", name: str) -> Part | None:
    """Describe a part by its source; None where that leaves a doubt, or where only an import can say what is wrong."""
    from i2ikit.plugin import get_manager
    from i2ikit.plugin.describe import describe

    wanted = (registry.plural, name)
    found = [(info, part) for info, part in get_manager().declared() if (part.registry, part.name) == wanted]
    if len(found) != 1 or found[0][0].state != "ready":
        return None
    info, declared = found[0]
    description = describe(declared)
    if description is None:
        return None
    return Part(description.docstring, description.parameters, declared.module, info)


def _imported(registry: "Registry", name: str) -> Part:
    from i2ikit.plugin import get_manager

    part = registry.get(name)
    parameters = tuple(inspect.signature(part).parameters.values())
    return Part(inspect.getdoc(part), parameters, part.__module__, get_manager().owner(part.__module__))


def example(plural: str, name: str, parameters: list[inspect.Parameter]) -> str:
    """Return a config line of a part: its defaults written out, ``...`` where a value has to be given."""
    arguments = [f"{value.name}={_default(value) or '...'}" for value in parameters]
    if plural == "heads" and any(
        value.name == "widths" for value in parameters
    ):  # made for the widths of a generator's taps, which the config names instead
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
    plain = isinstance(annotation, type) and not hasattr(annotation, "__args__")
    return annotation.__name__ if plain else re.sub(r"\b\w+\.", "", str(annotation))
