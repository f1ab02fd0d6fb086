"""What is worth saying about folders of images, and how grave it is."""

from collections.abc import Iterable
from dataclasses import dataclass

LEVELS = ("problem", "warning", "note")
SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        level: ``"problem"``: training or measuring will fail or mean nothing; ``"warning"``: probably not meant;
            ``"note"``: good to know.
        kind: one word for scripts, such as ``"corrupt"``.
        message: a sentence.
        groups: paths below the root; files of one group belong together, such as duplicates.
    """

    level: str
    kind: str
    message: str
    groups: tuple[tuple[str, ...], ...] = ()


def singly(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return files as groups of one."""
    return tuple((name,) for name in names)


def plural(count: int, thing: str, things: str = "") -> str:
    """Return a count with its noun: ``1 file``, ``2 files``."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"
