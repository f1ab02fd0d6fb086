"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigName = Annotated[
    str, typer.Argument(metavar="CONFIG", help="A config file, or the name of a packaged one (enco/horse2zebra).")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key, such as data.batch_size=2. Can be repeated."),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder with trainA, trainB, testA and testB, instead of the config's data and metrics.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
