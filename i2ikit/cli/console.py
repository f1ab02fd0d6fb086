"""Output of the command line: results go to standard output, messages to standard error."""

import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Literal

from i2ikit.errors import one_line, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PLAIN_FIRST, PLAIN_EVERY = 1.0, 10.0  # seconds to the first line of progress, and between lines, without a terminal
INTERRUPTED = 130  # the exit code
PLAIN_WIDTH = 120  # columns of a table that is piped into a file


class PrintableFormatter(logging.Formatter):
    """Formats the warnings of libraries, which are printed as they are."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message of a record."""
        return printable(super().format(record))


def format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Return what Python prints about a warning, on a line of its own."""
    return f"{printable(f'{filename}:{lineno}: {category.__name__}: {message}')}\n"


def out() -> "Console":
    """Return the console of standard output; outside a terminal it writes no control characters."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False, emoji=False)


def err() -> "Console":
    """Return the console of standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)


def write(*parts: str | tuple[str, str]) -> None:
    """Print one line to standard output as it is: brackets are no markup, long lines are not wrapped.

    Args:
        parts: texts, or pairs of a text and its style, such as ``("network", "bold")``.
    """
    from rich.text import Text

    shown = [printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts]
    out().print(Text.assemble(*shown), soft_wrap=True)


def make_table(
    columns: Collection[str],
    rows: Iterable[Iterable[str]],
    *,
    right: Collection[str] = (),
    wrap: str = "",
    title: str = "",
) -> "Table":
    """Return a table.

    Args:
        columns: their titles.
        rows: cells by column.
        right: columns that are aligned right.
        wrap: the only column that may wrap; empty if all may.
        title: printed above the table.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.header_style = "dim" if title else "bold"
    for name in columns:
        justify: Literal["right", "left"] = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=bool(wrap) and name != wrap)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    return table


def complain(message: str) -> None:
    """Print one message to standard error as it is: brackets are no markup, long lines are not wrapped."""
    from rich.text import Text

    rank = os.environ.get("RANK", "0")  # set by torchrun for each of its processes
    who = "i2ikit: " if rank == "0" else f"i2ikit (process {rank}): "
    err().print(Text.assemble((who, "bold red"), printable(message)), soft_wrap=True)


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show a spinner on a terminal; elsewhere nothing.

    What configs, parts and libraries print meanwhile goes to standard error: standard output is for the result.
    """
    console = err()
    with console.status(doing) if console.is_terminal else nullcontext(), redirect_stdout(sys.stderr):
        yield


@contextmanager
def counting(doing: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show progress: yields a function of the done and the total count, None while that is unknown.

    It updates a bar on a terminal; elsewhere it prints a line after a second, and then every ten seconds.
    """
    console = err()
    if not console.is_terminal:
        yield plain_counter(doing)
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def plain_counter(doing: str) -> Callable[[int, int | None], None]:
    """Return a function that prints the done and the total count as a line, unless it is too soon for one."""
    next_line = time.monotonic() + PLAIN_FIRST

    def show(done: int, total: int | None) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line and (total is None or done < total):
            next_line = time.monotonic() + PLAIN_EVERY
            err().print(f"{doing}: {done:,}" + ("" if total is None else f" of {total:,}"), markup=False)

    return show
