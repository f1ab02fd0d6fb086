"""`i2ikit data`: make, check, fetch and compare data sets."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, write
from i2ikit.cli.data_check import check
from i2ikit.cli.data_compare import compare
from i2ikit.cli.data_fetch import fetch

data = typer.Typer(help="Make, check, fetch and compare data sets.", no_args_is_help=True)
make = typer.Typer(help="Make an embedded data set, without a download.", no_args_is_help=True)
data.add_typer(make, name="make")
data.command("check")(check)
data.command("fetch")(fetch)
data.command("compare")(compare)


@make.command("stripes")
def stripes(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder for trainA, trainB, testA, testB.")],
    size: Annotated[int, typer.Option("--size", min=8, help="Height and width in pixels.")] = 64,
    train: Annotated[int, typer.Option("--train", min=1, help="Training images of each domain.")] = 500,
    test: Annotated[int, typer.Option("--test", min=1, help="Pairs of test images.")] = 96,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the images.")] = 0,
) -> None:
    """Write the embedded data set `stripes`.

    It has plain animals, striped animals, and a paired test split with masks.
    """
    with busy("Drawing images"):
        from i2ikit.datasets.stripes.stripes import write_stripes

        write_stripes(folder, size=size, train_count=train, test_count=test, seed=seed)
    message = f"{train} + {train} training images and {test} test pairs of {size} x {size} written to {folder}"
    write(message)
