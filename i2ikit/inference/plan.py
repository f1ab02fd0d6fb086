"""Which image becomes which file; of a folder one at a time, so that a folder of millions starts at once."""

import hashlib
import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from i2ikit.errors import CheckpointError, DataError, nearest_hint
from i2ikit.files import expanded, nearest_beside
from i2ikit.images import ImageWalk, readable_extensions, writable_extensions
from i2ikit.inference.sequences.containers import CONTAINERS, is_video
from i2ikit.work_dir import holds_checkpoint

logger = logging.getLogger(__name__)
COLORS = (1, 3)  # channels that all formats hold
EXTENSION = re.compile(r"\.[a-z][a-z0-9]{0,5}")  # and not .5 of a folder of results
CHECKPOINTS = (".pt", ".pth", ".safetensors")
BLOCK = 4096  # files of a folder that are sorted at a time


@dataclass(frozen=True)
class Share:
    """The share of a folder's images that one of several processes translates.

    The images of a folder are dealt out in turn, in natural order, beginning with a share that a hash of the folder's
    name chooses. In a folder of :data:`BLOCK` files or more, whose order is not known before all are listed, a hash of
    its name assigns each image.

    Attributes:
        index: 1 to ``count``.
        count: of shares.

    Raises:
        ValueError: ``index`` is out of its range.
    """

    index: int = 1
    count: int = 1

    @classmethod
    def of(cls, pair: object) -> "Share":
        """Return the share of a pair (index, count); None: the whole folder.

        Raises:
            TypeError: it is no pair of integers.
            ValueError: it is out of its range.
        """
        if pair is None:
            return cls()
        if not isinstance(pair, tuple | list) or [type(each) for each in pair] != [int, int]:
            raise TypeError(f"a share is a pair of integers such as (1, 4), the first of four, not {pair!r}")
        return cls(*pair)

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise ValueError(f"a share is 1/N to N/N, not {self.index}/{self.count}")

    def holds(self, name: str, position: int | None = None) -> bool:
        """Return whether an image belongs to the share.

        Args:
            name: below the folder that is shared.
            position: among the images of its own folder; None: unknown.
        """
        hashed, place = (name, 0) if position is None else (os.path.dirname(name), position)
        digest = hashlib.blake2b(os.fsencode(hashed), digest_size=8).digest()  # numbered names are spread evenly
        return (int.from_bytes(digest, "big") + place) % self.count == self.index - 1


class FolderPlan:
    """The images and videos of a folder and its subfolders, with the file that each becomes.

    The output folder may be inside the input; it is no part of it. Names are found while they are read, in natural
    order within 4096 files of a folder, and none is kept.

    Args:
        source, output: the folders.
        channels: of the outputs, without transparency; they determine which formats can hold them.
        share: which of the images.

    Raises:
        DataError: ``output`` is the input folder, a file, or has the extension of an image.
    """

    def __init__(
        self,
        source: Path,
        output: Path,
        channels: int = 3,
        share: Share | None = None,
    ) -> None:
        refuse_file(source, output, "but the input is a folder")
        if output.suffix.lower() in readable_extensions() and not output.is_dir():
            raise DataError(
                f"{source} is a folder, so its output must be one too; {output} has the extension of an image"
            )
        if os.path.realpath(source) == os.path.realpath(output):
            raise DataError(f"outputs in {output} would replace the inputs; choose another output folder")
        self.source, self.output, self.channels, self.share = source, output, channels, share or Share()
        self.extensions = readable_extensions() | CONTAINERS.keys()
        self._roots = os.path.realpath(source), os.path.realpath(output)
        self._checked = ""

    def walk(self, unlisted: list[str] | None = None) -> ImageWalk:
        """Return a walk over all images of the folder, of other shares too; see :class:`ImageWalk`."""
        return ImageWalk(self.source, extensions=self.extensions, block=BLOCK, without=self.output, unlisted=unlisted)

    def names(self, walk: ImageWalk) -> Iterator[str]:
        """Yield the names of the share's images."""
        return (name for name in walk if self.share.holds(name, walk.position))

    def target(self, name: str) -> Path:
        """Return the file that an image becomes; a PNG or TIFF where its own format cannot be written.

        Raises:
            DataError: it would replace an input, or be that of another image too.
        """
        target = self.output / name
        self._refuse_replacing(target)
        if is_written(target, self.channels):
            return target
        image = self.source / name
        extension = substitute(self.channels)
        other = target.with_suffix(extension)
        renamed = self.extensions - writable_extensions(self.channels) | {extension}
        if any(sibling.exists() for sibling in namesakes(image, renamed)):
            other = target.with_name(f"{target.name}{extension}")
            if (self.source / other.relative_to(self.output)).exists():
                raise DataError(f"{image} and another image would both become {other}; rename one of them")
        logger.warning("i2ikit writes no %s: %s becomes %s", kind(target, self.channels), target.name, other.name)
        return other

    def _refuse_replacing(self, target: Path) -> None:
        """Raise DataError if a link leads the folder of an output to inputs; a link to a file is itself replaced."""
        folder = os.path.dirname(target)
        if folder == self._checked:
            return
        real, (source, output) = os.path.realpath(folder), self._roots
        if is_below(real, source) and not (is_below(output, source) and is_below(real, output)):
            raise DataError(f"the output {target} would replace the input {real}; choose another output folder")
        self._checked = folder


def is_below(path: str, folder: str) -> bool:
    """Return whether a real path is a folder or below it."""
    return path == folder or path.startswith(os.path.join(folder, ""))


def namesakes(image: Path, extensions: Collection[str]) -> Iterator[Path]:
    """Yield the paths that differ from that of an image in the extension alone: lower, upper and title case."""
    for extension in sorted(extensions):
        for spelled in (extension, extension.upper(), f".{extension[1:].capitalize()}"):
            if spelled != image.suffix:
                yield image.with_suffix(spelled)


def plan_file(source: Path, output: Path, channels: int = 3) -> Path:
    """Return the file that a single image becomes: ``output`` if it has the extension of an image, else a file in it.

    Raises:
        DataError: there is no such image, or ``output`` cannot be written.
    """
    if not source.exists():
        raise DataError(f"there is no image and no folder at {source}.{nearest_beside(source)}")
    return _named(source, output, channels)


def refuse_replacing(sources: Iterable[Any], targets: Iterable[Path]) -> None:
    """Raise DataError if an output is one of the inputs; those that are no paths are left out."""
    paths = [expanded(source) for source in sources if isinstance(source, str | os.PathLike)]
    for target, source in product(targets, paths):
        if os.path.realpath(target) == os.path.realpath(source):  # Path.resolve fails at a link to itself
            raise DataError(f"the output {target} would replace the input {source}; choose another output")


def _named(source: Path, output: Path, channels: int) -> Path:
    if not output.is_dir() and (is_video(output) or output.suffix.lower() in readable_extensions()):
        if not is_written(output, channels):
            raise DataError(
                f"cannot write {output}: i2ikit writes no {kind(output, channels)}; use {substitute(channels)}"
            )
        return output
    refuse_file(source, output, "whose extension is not that of an image")
    refuse_unknown_extension(output)
    target = output / source.name
    if is_written(target, channels):
        return target
    other = target.with_suffix(substitute(channels))
    logger.warning("i2ikit writes no %s: %s becomes %s", kind(target, channels), target.name, other.name)
    return other


def make_output_folder(folder: Path) -> None:
    """Make a folder, before minutes are spent on what cannot be written.

    Raises:
        DataError: it cannot be made, or is read-only.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(folder, os.W_OK) else "it is read-only"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise DataError(f"cannot write to {folder}: {reason}. Choose another output folder.")


def refuse_swapped(checkpoint: Path, source: Path, output: Path) -> None:
    """Raise CheckpointError if the first of the three paths is no checkpoint, and maybe another one is.

    It is an image; or it holds no checkpoint, and one of the others is or holds one.
    """
    is_image = checkpoint.is_file() and checkpoint.suffix.lower() in readable_extensions()
    if is_image or (not _is_checkpoint(checkpoint) and any(map(_is_checkpoint, (source, output)))):
        raise CheckpointError(
            f"{checkpoint} is {'an image' if is_image else 'no checkpoint'}: are input and checkpoint swapped? The "
            "order is `i2ikit translate CHECKPOINT INPUT OUTPUT`."
        )


def _is_checkpoint(path: Path) -> bool:
    """Return whether a path is, by its name, an existing checkpoint, or the work directory of a run that has one."""
    return holds_checkpoint(path) if path.is_dir() else path.suffix.lower() in CHECKPOINTS and path.is_file()


def refuse_unknown_extension(output: Path) -> None:
    """Raise DataError for a name that does not exist and looks like a file of an unknown format, not like a folder."""
    extension = output.suffix.lower()
    if not output.is_dir() and EXTENSION.fullmatch(extension):
        hint = nearest_hint(extension, sorted(writable_extensions(3)))
        raise DataError(
            f"{extension} of {output} is not the extension of an image.{hint} "
            f"If a folder is meant, make it first: `mkdir -p {output}`."
        )


def refuse_file(source: Path, output: Path, why: str) -> None:
    """Raise DataError if ``output``, which must be a folder, is a file."""
    if output.exists() and not output.is_dir():
        raise DataError(f"the output of {source} must be a folder: {output} is a file, {why}")


def is_written(path: Path, channels: int) -> bool:
    """Return whether files with the extension of a path and a number of channels can be written."""
    return is_video(path) or path.suffix.lower() in writable_extensions(channels)


def kind(path: Path, channels: int) -> str:
    """Return what a message calls files with the extension of a path and a number of channels."""
    name = path.suffix or "files without an extension"
    return name if channels in COLORS else f"{name} with {channels} channels"


def substitute(channels: int) -> str:
    """Return the extension of outputs whose own format cannot be written."""
    return ".png" if channels in COLORS else ".tif"
