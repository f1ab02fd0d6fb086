"""Shared options, and commands whose options are one object."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

Options = TypeVar("Options")

ConfigName = Annotated[
    str, typer.Argument(metavar="CONFIG", help="Config file, or name of a packaged config (enco/horse2zebra).")
]
CheckpointPath = Annotated[
    Path,
    typer.Argument(metavar="CHECKPOINT", help="A checkpoint, or a work directory: its best or else newest checkpoint."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one key, such as data.batch_size=2. Repeatable."),
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
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
GeneratorName = Annotated[
    str | None,
    typer.Option("--generator", metavar="NAME", help="Such as ab; by default the first one, or its moving average."),
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
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]


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
