"""`i2ikit config`: a config after inheritance and overrides."""

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.options import ConfigName, DataA, DataB, DataFolder, Overrides, Recipes, folders, recipe_names


def config(
    config: ConfigName,
    recipes: Recipes = None,
    overrides: Overrides = None,
    data: DataFolder = None,
    data_a: DataA = None,
    data_b: DataB = None,
) -> None:
    """Print a config, with its bases and all changes, as Python."""
    with busy("Reading the config"):
        from i2ikit.config import dump_config, find_config, load_config

        read_from, names = folders(data, data_a, data_b), recipe_names(recipes)
        source = dump_config(load_config(find_config(config), overrides or (), read_from, names))
    console = out()
    if not console.is_terminal:
        typer.echo(source, nl=False)
        return
    from rich.syntax import Syntax

    console.print(Syntax(source, "python", background_color="default", word_wrap=True))
