"""The `i2ikit` command: its subcommands, global options and error messages. Imports nothing heavy."""

import logging
import os
import re
import sys
import traceback
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from i2ikit.cli.benchmark import benchmark
from i2ikit.cli.check import check
from i2ikit.cli.config import config
from i2ikit.cli.console import INTERRUPTED, PrintableFormatter, complain, format_warning
from i2ikit.cli.data import data
from i2ikit.cli.demo import demo
from i2ikit.cli.doctor import doctor
from i2ikit.cli.evaluate import evaluate
from i2ikit.cli.export import export
from i2ikit.cli.import_ import import_weights
from i2ikit.cli.list import list_parts
from i2ikit.cli.new import new
from i2ikit.cli.plugins import plugin_commands, plugins
from i2ikit.cli.report import report
from i2ikit.cli.reproduce import reproduce
from i2ikit.cli.show import show
from i2ikit.cli.train import train
from i2ikit.cli.translate import translate
from i2ikit.errors import I2IKitError, nearest_hint, notes_of, printable
from i2ikit.files import expanded
from i2ikit.published_options import answer
from i2ikit.version import __version__

DEBUG = "--debug"
NO_PLUGINS = "--no-plugins"
HOME = re.compile(r"(--?[\w-]+=)?(~.*)")  # a path as an argument, or behind an option's `=`, where no shell expands it
EXTRA_VALUE = re.compile(r"\([\w.\[\]]+=")  # click lists the arguments that it does not expect in parentheses
UsageError: Any = typer.BadParameter.__bases__[0]  # typer brings its own click in some versions and not in others


class Commands(TyperGroup):
    """The subcommands. Those of plugins are loaded only when a name is unknown or all are listed."""

    _debug = False
    _plugins_added = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Accept ``--debug`` and ``--no-plugins`` anywhere before a ``--``."""
        end = args.index("--") if "--" in args else len(args)
        self._debug = DEBUG in args[:end]
        warnings.formatwarning = format_warning
        if logging.lastResort is not None:  # prints the warnings
            logging.lastResort.setFormatter(PrintableFormatter())
        if NO_PLUGINS in args[:end]:
            os.environ["I2IKIT_DISABLE_PLUGINS"] = "all"  # also for the processes that this one starts
        args = [with_home(arg) for arg in args]
        return super().parse_args(ctx, [arg for arg in args[:end] if arg not in (DEBUG, NO_PLUGINS)] + args[end:])

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, those of plugins last."""
        self._add_plugins()
        return super().list_commands(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command by name; the error for an unknown one has the nearest names."""
        if args and args[0] not in self.commands:
            self._add_plugins()
        if args and args[0] not in self.commands:
            from i2ikit.plugin import get_manager

            hint, note = nearest_hint(args[0], self.commands), get_manager().unusable("command")
            raise I2IKitError(f"no command is called {args[0]!r}.{hint} See them with `i2ikit --help`.{note}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; turn an error into one message and an exit code."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            error.message = printable(error.message) + answer(getattr(error, "option_name", None) or "")
            if "argument" in error.message and EXTRA_VALUE.search(error.message):
                error.message += " Each KEY=VALUE has its own --set: --set KEY=VALUE --set KEY=VALUE."
            raise
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except I2IKitError as error:
            self._show(error, f"{error}{place_of(error)}" if notes_of(error) else str(error))
            raise typer.Exit(error.exit_code) from None
        except MemoryError as error:
            self._show(error, f"not enough memory ({error}): use smaller images, or fewer at once")
            raise typer.Exit(1) from None
        except Exception as error:
            from i2ikit.files import unusable_path

            wrong = unusable_path(error)
            if wrong:
                self._show(error, wrong)
                raise typer.Exit(I2IKitError.exit_code) from None
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            advice = f"This is an unexpected error. Run again with {DEBUG} for the traceback."
            self._show(error, f"{reason}{place_of(error)}\n{advice}")
            raise typer.Exit(1) from None

    def _show(self, error: Exception, message: str) -> None:
        if self._debug:
            sys.stderr.write(printable("".join(traceback.format_exception(error))))
        else:
            complain(message)

    def _add_plugins(self) -> None:
        """Add the commands of plugins; none can replace a built-in command."""
        if self._plugins_added:
            return
        self._plugins_added = True
        self.commands.update(plugin_commands(self.commands))


def place_of(error: Exception) -> str:
    """Return lines for the end of a message: the term in which an error was raised, its plugin, file and line."""
    from i2ikit.plugin.origin import origin_of

    origin = origin_of(error)
    return "".join(f"\n  {line}" for line in (*notes_of(error), *([f"in {origin}"] if origin else [])))


def with_home(argument: str) -> str:
    """Return an argument whose path has the home folder for its ``~``."""
    found = HOME.fullmatch(argument)
    return argument if found is None else f"{found[1] or ''}{expanded(found[2])}"


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train, evaluate and apply models for unpaired image-to-image translation. A method is a config.",
    epilog="Exit codes: 0 success, 1 the run failed, 2 invalid input, 130 interrupted.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"i2ikit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of an error.")] = False,
    no_plugins: Annotated[
        bool,
        typer.Option(NO_PLUGINS, help="Disable all plugins; see I2IKIT_DISABLE_PLUGINS."),
    ] = False,
) -> None:
    pass


app.command("train")(train)
app.command("translate")(translate)
app.command("evaluate")(evaluate)
app.command("benchmark")(benchmark)
app.command("demo")(demo)
app.command("import")(import_weights)
app.command("export")(export)
app.command("config")(config)
app.command("check")(check)
app.command("reproduce")(reproduce)
app.command("doctor")(doctor)
app.command("report")(report)
app.command("list")(list_parts)
app.command("show")(show)
app.command("plugins")(plugins)
app.command("new")(new)
app.add_typer(data, name="data")
