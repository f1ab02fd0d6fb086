"""Which picture becomes which file, and working through them without losing any."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from i2ikit.errors import DataError
from i2ikit.images import endings_in_words, list_pictures, readable_endings, writable_endings

logger = logging.getLogger(__name__)
COLOURS = (1, 3)  # channels that all formats hold


@dataclass(frozen=True)
class FileDone:
    """One picture that is done.

    Attributes:
        source, target: the picture and its output.
        error: why there is no output; None where there is one.
        done, total: how many of how many pictures are done.
    """

    source: Path
    target: Path
    error: str | None
    done: int
    total: int


def translate_pictures(
    translate: Callable[[Path, Path], None],
    source: Path,
    output: Path,
    on_progress: Callable[[FileDone], None] | None = None,
    *,
    channels: int = 3,
) -> int:
    """Call ``translate(picture, target)`` for a picture or all pictures of a folder; see Translator.translate_path.

    Args:
        channels: of the outputs, without transparency; they tell which formats can hold them.
    """
    pairs = plan_folder(source, output, channels) if source.is_dir() else [plan_file(source, output, channels)]
    refuse_overwriting(pairs)
    failures = []
    for done, (picture, target) in enumerate(pairs, start=1):
        error = None
        try:
            translate(picture, target)
        except DataError as reason:
            error = str(reason)
            failures.append(error)
        if on_progress is not None:
            on_progress(FileDone(picture, target, error, done, len(pairs)))
    if failures:
        raise DataError(failed(failures, len(pairs), source))
    return len(pairs)


def failed(failures: list[str], total: int, source: Path) -> str:
    """Return the message about pictures that could not be translated."""
    if not source.is_dir():
        return failures[0]
    lines = "".join(f"\n  - {failure}" for failure in failures)
    return f"{len(failures)} of {total} pictures in {source} could not be translated; the others are done:{lines}"


def plan_file(source: Path, output: Path, channels: int = 3) -> tuple[Path, Path]:
    """Return a picture and the file that it becomes: ``output`` if that ends like a picture, else a file in it."""
    if not source.exists():
        raise DataError(f"there is no picture and no folder at {source}")
    if output.is_dir() or output.suffix.lower() not in readable_endings():
        refuse_file(source, output, "whose ending is not that of a picture")
        return source, in_writable_format(output / source.name, (), channels)
    if output.suffix.lower() not in writable_endings(channels):
        what = output.suffix if channels in COLOURS else f"{output.suffix} with {channels} channels"
        raise DataError(f"cannot write {output}: i2ikit writes no {what}; use {substitute(channels)}")
    return source, output


def refuse_file(source: Path, output: Path, why: str) -> None:
    """Raise DataError if ``output``, which has to be a folder, is a file."""
    if output.exists() and not output.is_dir():
        raise DataError(f"the output of {source} must be a folder: {output} is a file, {why}")


def plan_folder(source: Path, output: Path, channels: int = 3) -> list[tuple[Path, Path]]:
    """Return all pictures of a folder with the files that they become, in natural order.

    Raises:
        DataError: there are no pictures, or ``output`` is a file or is called like a picture.
    """
    refuse_file(source, output, "but the input is a folder")
    if output.suffix.lower() in readable_endings() and not output.is_dir():
        raise DataError(f"{source} is a folder, so its output must be one too; {output} ends like a picture")
    pictures = [Path(picture) for picture in list_pictures(source)]
    if not pictures:
        raise DataError(f"there are no pictures in {source}; looked for {endings_in_words()}")
    others = count_others(source)
    if others:
        logger.warning("%d files in %s are no pictures and were skipped", others, source)
    pairs: list[tuple[Path, Path]] = []
    taken = {output / picture.relative_to(source) for picture in pictures}
    for picture in pictures:
        target = in_writable_format(output / picture.relative_to(source), taken, channels)
        taken.add(target)
        pairs.append((picture, target))
    return pairs


def count_others(folder: Path) -> int:
    """Return how many files in a folder and the folders in it, hidden ones left out, don't end like a picture."""
    return sum(
        path.suffix.lower() not in readable_endings()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def in_writable_format(target: Path, taken: Collection[Path], channels: int = 3) -> Path:
    """Return ``target``, or a PNG or TIFF of its name where its format can't be written; not one that is ``taken``."""
    if target.suffix.lower() in writable_endings(channels):
        return target
    other = target.with_suffix(substitute(channels))
    if other in taken:
        other = target.with_name(f"{target.name}{substitute(channels)}")
    what = target.suffix or "format of no name"
    what = what if channels in COLOURS else f"{what} with {channels} channels"
    logger.warning("i2ikit writes no %s: %s becomes %s", what, target.name, other.name)
    return other


def substitute(channels: int) -> str:
    """Return the ending of outputs whose own format can't be written."""
    return ".png" if channels in COLOURS else ".tif"


def refuse_overwriting(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Raise DataError if an output would replace an input or another output."""
    inputs = {picture.resolve(): picture for picture, _ in pairs}
    outputs: dict[Path, Path] = {}
    for picture, target in pairs:
        replaced = inputs.get(target.resolve())
        if replaced is not None:
            raise DataError(f"the output {target} would replace the input {replaced}; choose another output folder")
        other = outputs.setdefault(target, picture)
        if other is not picture:
            raise DataError(f"{other} and {picture} would both become {target}; rename one of them")
