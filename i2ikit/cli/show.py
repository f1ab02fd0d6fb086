"""`i2ikit show`: everything about one part."""

import inspect
import re
from typing import Annotated, Any

import typer

from i2ikit.cli.completion import complete_kind, complete_part
from i2ikit.cli.console import busy, make_table, out, write
from i2ikit.cli.list import CONFIGS, RECIPES, package_of, parts_of
from i2ikit.errors import I2IKitError, UnknownComponentError, nearest_hint
from i2ikit.kinds import Kind, find_kind

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def show(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="Such as losses; see `i2ikit list`.", autocompletion=complete_kind)
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as PatchNCELoss.", autocompletion=complete_part)],
) -> None:
    """Show the docstring and the arguments of a part."""
    elsewhere = {CONFIGS: f"i2ikit config {name}", RECIPES: f"i2ikit config CONFIG --recipe {name}"}
    for listed, command in elsewhere.items():
        if kind in (listed, listed.removesuffix("s")):
            raise I2IKitError(f"{listed} are no parts; `{command}` shows what {name} comes to")
    with busy("Importing the parts"):
        found = find_kind(kind)
        part = _part(found, name)
    parameters = [value for value in inspect.signature(part).parameters.values() if value.kind not in VARIADIC]
    write((name, "bold"), f"  {found.singular}\n", inspect.cleandoc(part.__doc__ or "It has no docstring."), "\n")
    if parameters:
        rows = ((value.name, _default(value) or "(required)", _type(value.annotation)) for value in parameters)
        out().print(make_table(["argument", "default", "type"], rows))
        write()
    facts = {"module": part.__module__, "package": package_of(part)}
    if found.plural == "losses":
        from i2ikit.interfaces.losses import contract

        facts["contract"] = contract(part)
    facts["config"] = example(found.plural, name, parameters)
    for fact, value in facts.items():
        write((f"{fact:<9}", "bold"), value)


def _part(kind: Kind, name: str) -> type[Any]:
    from i2ikit.registry import REGISTRIES

    if kind.plural in REGISTRIES:
        return REGISTRIES[kind.plural].get(name)
    known = parts_of(kind)
    if name not in known:
        hint = f"{nearest_hint(name, known)} See them with `i2ikit list {kind.plural}`."
        raise UnknownComponentError(f"no {kind.singular} is called {name!r}.{hint}")
    return known[name]


def example(plural: str, name: str, parameters: list[inspect.Parameter]) -> str:
    """Return a config line of a part: its defaults written out, ``...`` where a value is required."""
    arguments = [f"{value.name}={_default(value) or '...'}" for value in parameters]
    if plural == "heads" and any(value.name == "widths" for value in parameters):  # the config names taps instead
        arguments = ['of="ab"', "taps=[...]", *(text for text in arguments if not text.startswith("widths="))]
    quoted = f'type="{name}"'
    return f"dict({', '.join([quoted, *arguments])})"


def _default(value: inspect.Parameter) -> str:
    """Return a default as Python, or an empty string."""
    from i2ikit.config.dump import as_source

    return "" if value.default is inspect.Parameter.empty else as_source(value.default)


def _type(annotation: Any) -> str:
    return "" if annotation is inspect.Parameter.empty else re.sub(r"\b\w+\.", "", inspect.formatannotation(annotation))
