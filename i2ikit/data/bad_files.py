"""Files that cannot be read while a model trains: each is reported once, and too many of them end the run."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from i2ikit.errors import DataError
from i2ikit.images.files import read_header

SAMPLED = 64  # headers that are checked before a run
SHOWN = 20  # messages of a list


class BadFiles:
    """Collects the files that could not be read.

    Args:
        fraction: of the files that may be bad, 0..1. 0 stops at the first; above 0, one bad file is always allowed.
        files: of the data set, >= 1.

    Attributes:
        allowed: number of bad files that a run continues with.
        messages: one for each bad file, in the order of reading.
    """

    def __init__(self, fraction: float, files: int) -> None:
        self.fraction, self.files = fraction, files
        self.allowed = max(1, int(fraction * files)) if fraction > 0 else 0
        self.messages: list[str] = []
        self._reported = 0

    def add(self, messages: Iterable[str]) -> None:
        """Add messages that name their files; a message that is known already is the same file again.

        Raises:
            DataError: there are more than allowed; the message lists them.
        """
        found = [*self.messages, *(message for message in dict.fromkeys(messages) if message not in self.messages)]
        if len(found) > self.allowed:  # not kept: the run ends, and one that is resumed may find them repaired
            raise DataError(self.format_messages(found))
        self.messages = found

    def new(self) -> list[str]:
        """Return the messages that were added since the last call."""
        reported, self._reported = self._reported, len(self.messages)
        return self.messages[reported:]

    def format_messages(self, messages: Sequence[str]) -> str:
        """Return messages as a list with the next step; only the first one where no bad file is allowed."""
        if not self.allowed:
            return messages[0]
        listed = "".join(f"\n  - {message}" for message in messages[:SHOWN])
        more = f"\n  and {len(messages) - SHOWN} more" if len(messages) > SHOWN else ""
        return (
            f"{len(messages)} of {self.files} files cannot be read; data.bad_fraction={self.fraction:g} allows "
            f"{self.allowed}:{listed}{more}\n  `i2ikit data check DIR` inspects all of them; "
            "`--set data.bad_fraction=...` allows more."
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what was found so far, for the checkpoint."""
        return {"messages": list(self.messages)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the files that an earlier part of the run found and reported."""
        self.messages = list(dict.fromkeys([*map(str, state["messages"]), *self.messages]))
        self._reported = len(self.messages)


def files_of(dataset: Any) -> list[Any]:
    """Return the paths of all files of a data set; none for a data set without ``paths``."""
    paths = getattr(dataset, "paths", None)
    if not isinstance(paths, Mapping):
        return []
    return [path for found in paths.values() for path in ([found] if isinstance(found, str | Path) else found)]


def bad_headers(files: Sequence[Any], seed: int, count: int = SAMPLED) -> Iterator[str]:
    """Check the headers of some files, sampled by a seed; yield a message for each that is not an image.

    Args:
        files: paths.
        seed: any integer.
        count: number of files, >= 1.
    """
    for index in sorted(random.Random(seed).sample(range(len(files)), min(count, len(files)))):
        try:
            read_header(files[index])
        except DataError as error:
            yield str(error)
