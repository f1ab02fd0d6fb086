"""Errors for users: each names what is wrong, the nearest valid name and the next step."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"  # all but the end of a line and the tab
DIRECTIONS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that reverse the order of what follows
UNPRINTABLE = re.compile(rf"[{CONTROLS}{DIRECTIONS}\ud800-\udfff]")  # the last are bytes of a name that is no text


def nearest_hint(name: str, names: Iterable[str]) -> str:
    """Return ``" Nearest: 'x', 'y'."`` with up to three names similar to ``name``, best first, or an empty string."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    close = get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    return f" Nearest: {', '.join(repr(by_lower[match]) for match in close)}." if close else ""


def no_such(kind: str, name: object, names: Iterable[str], where: str = "") -> str:
    """Return that nothing of a kind is called ``name``, with the nearest names and all names.

    Example:
        >>> no_such("tap", "stam", ["pad", "stem"], " in generators.ab")
        "there is no tap 'stam' in generators.ab. Nearest: 'stem'. There are: pad, stem."
    """
    names = list(names)
    hint, known = nearest_hint(str(name), names), ", ".join(names) or "none"
    return f"there is no {kind} {name!r}{where}.{hint} There are: {known}."


def printable(text: str) -> str:
    """Return a text with its control characters shown as escape sequences, so that a terminal does not obey them.

    Every text that the command line prints and a report shows goes through it: names of files and contents of
    checkpoints are in most.
    """
    return UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return a text on one line, such as the name of a file, which may hold line breaks; see :func:`printable`."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, ``"1 image"`` or ``"2,000 images"``."""
    return f"{count:,} {noun if count == 1 else noun + ('es' if noun.endswith('tch') else 's')}"


@contextmanager
def noted(note: str) -> Iterator[None]:
    """Add a note to an error that passes, such as the term that was computed; Python prints it below the traceback."""
    try:
        yield
    except Exception as error:
        error.__dict__["__notes__"] = [*notes_of(error), note]  # `add_note` of Python 3.11
        raise


def notes_of(error: BaseException) -> list[str]:
    """Return the notes of an error."""
    return list(getattr(error, "__notes__", []))


class I2IKitError(Exception):
    """An error that the user can fix; the command line shows only the message and exits with ``exit_code``."""

    exit_code = 2


class UnknownComponentError(I2IKitError, KeyError):
    """No part is registered under a name."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr


class DuplicateComponentError(I2IKitError):
    """Two parts have the same name in one registry."""


class ShapeError(I2IKitError, ValueError):
    """Tensors have incompatible shapes."""


class ConfigError(I2IKitError):
    """A config has errors; ``errors`` lists all of them."""

    def __init__(self, source: str, errors: Sequence[str]) -> None:
        self.source, self.errors = source, tuple(errors)
        title = f"{counted(len(errors), 'error')} in {source}:"
        super().__init__("\n".join([title, *(f"  - {error}" for error in errors)]))


class DataError(I2IKitError):
    """A data set or an image is missing, empty or unreadable."""


class CheckpointError(I2IKitError):
    """A checkpoint is missing, damaged or incompatible."""


class MetricError(I2IKitError):
    """A metric cannot be computed: weights or a package are missing, or the images do not fit."""


class PluginError(I2IKitError):
    """A plugin cannot be used."""


class RunError(I2IKitError):
    """A run failed for a reason other than the user's input."""

    exit_code = 1
