"""Shared options, and commands whose options are one object."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from i2ikit.cli.completion import complete_config, complete_recipe
from i2ikit.errors import I2IKitError

Options = TypeVar("Options")

ConfigName = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG",
        help="Config file, or name of a packaged config (enco/horse2zebra).",
        autocompletion=complete_config,
    ),
]
OptionalConfig = Annotated[
    str | None,
    typer.Argument(
        metavar="[CONFIG]",
        help="Config file, or name of a packaged config (enco/horse2zebra); with --data DIR alone, one is chosen.",
        autocompletion=complete_config,
        show_default=False,
    ),
]
CheckpointPath = Annotated[
    Path,
    typer.Argument(metavar="CHECKPOINT", help="A checkpoint, or a work directory: its best or else newest checkpoint."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one key, such as data.batch_size=2. Repeatable."),
]
Recipes = Annotated[
    list[str] | None,
    typer.Option(
        "--recipe",
        metavar="NAME,...",
        help="Change the config by recipes: masked,fast or mine.py; `i2ikit list recipes` has all. Repeatable.",
        autocompletion=complete_recipe,
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Folder with trainA, trainB, testA and testB; replaces the config's data."
    ),
]
Imports = Annotated[
    list[Path] | None,
    typer.Option("--import", metavar="FILE", help="Execute a Python file with parts that the checkpoint needs."),
]
DataA = Annotated[
    str | None,
    typer.Option("--data-a", metavar="DIR", help="Folder of the images of domain a, in --data DIR if that is given."),
]
DataB = Annotated[
    str | None,
    typer.Option("--data-b", metavar="DIR", help="Folder of the images of domain b, in --data DIR if that is given."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
OutputName = Annotated[
    str | None,
    typer.Option("--output", metavar="NAME", help="What to translate, such as ba; by default the first output."),
]


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.strip("[]() ").split(","))
    except ValueError:
        low = high = 0
    if not -float("inf") < low < high < float("inf"):
        raise typer.BadParameter(f"{text!r} is not a range such as 0,4095: LOW,HIGH with LOW below HIGH.")
    return low, high


ValueRange = Annotated[
    Any,
    typer.Option(
        "--value-range",
        parser=_range,
        metavar="LOW,HIGH",
        help="Values in the files that are black and white, such as 0,4095; by default those of the training.",
    ),
]


@dataclass(frozen=True)
class ConfigOptions:
    """The config of a command, and the options that change it."""

    config: OptionalConfig = None
    data: DataFolder = None
    data_a: DataA = None
    data_b: DataB = None
    recipes: Recipes = None
    overrides: Overrides = None


class Weights(str, Enum):
    """Which weights of a generator."""

    average = "average"
    raw = "raw"


Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]


def recipe_names(texts: list[str] | None) -> list[str]:
    """Return the recipes that --recipe names, each once.

    Raises:
        I2IKitError: one names none, such as an empty variable of a script.
    """
    lists = {text: [name.strip() for name in text.split(",") if name.strip()] for text in texts or ()}
    empty = [text for text, names in lists.items() if not names]
    if empty:
        raise I2IKitError(
            f"--recipe {empty[0]!r} names no recipe: write --recipe NAME, or leave it out. `i2ikit list recipes` lists "
            "the packaged ones."
        )
    return list(dict.fromkeys(name for names in lists.values() for name in names))


def folders(data: Path | None, a: str | None, b: str | None) -> Path | dict[str, str | Path] | None:
    """Return what --data, --data-a and --data-b name together; None: the config's own data.

    Raises:
        I2IKitError: only one domain has a folder.
    """
    named: dict[str, str | Path] = {name: folder for name, folder in (("a", a), ("b", b)) if folder is not None}
    if data is None and len(named) == 1:
        given, missing = ("a", "b") if a is not None else ("b", "a")
        raise I2IKitError(
            f"--data-{given} names the images of domain {given} alone: name those of domain {missing} with "
            f"--data-{missing} DIR, or the folder that has both with --data DIR."
        )
    return ({**named, "root": data} if data is not None else named) if named else data


def takes(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Return a decorator for a command with many options: typer reads them from the fields of a dataclass.

    Args:
        options: dataclass whose fields are annotated as the parameters of a command are. The decorated function is
            called with one instance of it.
    """

    def decorate(run: Callable[[Options], None]) -> Callable[..., None]:
        def command(**values: Any) -> None:
            run(options(**values))

        command.__doc__ = run.__doc__
        command.__annotations__ = get_type_hints(options, include_extras=True)
        command.__signature__ = inspect.signature(options)  # type: ignore[attr-defined]
        return command

    return decorate
