"""What became of the images of a folder, and the messages about it."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from i2ikit.errors import DataError, counted
from i2ikit.images import format_extensions
from i2ikit.images.listing import natural_key

logger = logging.getLogger(__name__)
MOST_FAILURES = 1000  # that are listed


@dataclass
class Tally:
    """What became of the images of a folder.

    Attributes:
        source, output: the folders.
        written, skipped: numbers of images.
        failures: a message for each image that failed.
        unlisted: a message for each folder that could not be listed.
        listed, others: numbers of outputs of all shares, and of files that are no images.
    """

    source: Path
    output: Path
    written: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    listed: int = 0
    others: int = 0

    @property
    def done(self) -> int:
        """Number of images, translated, skipped or failed."""
        return self.written + self.skipped + len(self.failures)

    def conclude(self) -> int:
        """Return how many images were written.

        Raises:
            DataError: there are no images, or some failed.
        """
        if not self.listed and not self.unlisted:
            raise DataError(f"there are no images in {self.source}; looked for {format_extensions()}")
        if self.others:
            verb = "is not an image and was" if self.others == 1 else "are not images and were"
            logger.warning("%s in %s %s skipped", counted(self.others, "file"), self.source, verb)
        if self.skipped:
            verb = "was" if self.skipped == 1 else "were"
            logger.warning("%s %s complete in %s already", counted(self.skipped, "image"), verb, self.output)
        if self.failures or self.unlisted:
            raise DataError(self.sentence(self.done))
        return self.written

    def sentence(self, total: int | None) -> str:
        """Return how many images were translated, and why others failed.

        Args:
            total: number of all images; None: unknown.
        """
        done = self.written + self.skipped
        images = counted(done, "image") if total is None else f"{done} of {counted(total, 'image')}"
        sentence = f"{images} written to {self.output}"
        failures = [*sorted(self.failures, key=natural_key), *self.unlisted]
        if not failures:
            return f"{sentence}."
        listed = "".join(f"\n  - {each}" for each in failures[:MOST_FAILURES])
        more = f"\n  and {len(failures) - MOST_FAILURES} more" if len(failures) > MOST_FAILURES else ""
        return f"{sentence}; {len(failures)} could not be translated:{listed}{more}"
