"""`i2ikit config`: a config after inheritance and overrides."""

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.options import ConfigName, DataFolder, Overrides


def config(config: ConfigName, overrides: Overrides = None, data: DataFolder = None) -> None:
    """Print a config with everything it inherits, as Python."""
    with busy("Reading the config"):
        from i2ikit.config import dump_config, find_config, load_config

        source = dump_config(load_config(find_config(config), overrides or (), data))
    console = out()
    if not console.is_terminal:
        typer.echo(source, nl=False)
        return
    from rich.syntax import Syntax

    console.print(Syntax(source, "python", background_color="default", word_wrap=True))
