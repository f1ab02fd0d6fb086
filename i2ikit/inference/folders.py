"""Which image becomes which file, and translating all of a folder although some of its images are damaged."""

import logging
import os
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import CheckpointError, DataError, I2IKitError, RunError, counted, nearest_hint
from i2ikit.files import FULL
from i2ikit.images import format_extensions, list_images, readable_extensions, writable_extensions
from i2ikit.inference.sequences.containers import is_video
from i2ikit.work_dir import holds_checkpoint

logger = logging.getLogger(__name__)
COLORS = (1, 3)  # channels that all formats hold
EXTENSION = re.compile(r"\.[a-z][a-z0-9]{0,5}")  # and not .5 of a folder of results
CHECKPOINTS = (".pt", ".pth")


def translate_images(
    translate: Callable[[Path, Path], object],
    source: Path,
    output: Path,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    channels: int = 3,
) -> int:
    """Call ``translate(image, target)`` for an image or all images of a folder; see Translator.folder.

    Args:
        channels: of the outputs, without transparency; they determine which formats can hold them.
    """
    pairs = plan_folder(source, output, channels) if source.is_dir() else [plan_file(source, output, channels)]
    refuse_overwriting(pairs)
    if not source.is_dir():
        translate(*pairs[0])
        return 1
    make_output_folder(output)
    failures: list[str] = []
    done = 0
    try:
        for image, target in pairs:
            _try(translate, image, target, failures)
            done += 1
            if on_progress is not None:
                on_progress(done, len(pairs))
    except KeyboardInterrupt:
        raise RunInterruptedError(f"interrupted: {_count(done, len(pairs), output, failures)}") from None
    except RunError as error:
        raise RunError(f"{error}\n{_count(done, len(pairs), output, failures)}") from error
    if failures:
        raise DataError(_count(len(pairs), len(pairs), output, failures))
    return len(pairs)


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


def _try(translate: Callable[[Path, Path], object], image: Path, target: Path, failures: list[str]) -> None:
    """Translate one image, or append why that failed.

    Raises:
        RunError: the disk is full, so that all others would fail too.
    """
    try:
        translate(image, target)
    except Exception as error:  # whatever is wrong with one image does not concern the others
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in FULL:
            raise
        known = isinstance(error, I2IKitError)
        failures.append(str(error) if known else f"{image}: {type(error).__name__}: {error}")


def _count(done: int, total: int, output: Path, failures: Sequence[str]) -> str:
    """Return how many images were translated, and why others failed."""
    sentence = f"{done - len(failures)} of {counted(total, 'image')} written to {output}"
    if not failures:
        return f"{sentence}."
    return f"{sentence}; {len(failures)} could not be translated:" + "".join(f"\n  - {each}" for each in failures)


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


def plan_file(source: Path, output: Path, channels: int = 3) -> tuple[Path, Path]:
    """Return an image and its output file: ``output`` if it has the extension of an image, else a file in it."""
    if not source.exists():
        raise DataError(f"there is no image and no folder at {source}")
    if output.is_dir() or not (is_video(output) or output.suffix.lower() in readable_extensions()):
        refuse_file(source, output, "whose extension is not that of an image")
        refuse_unknown_extension(output)
        return source, in_writable_format(output / source.name, (), channels)
    if not is_video(output) and output.suffix.lower() not in writable_extensions(channels):
        raise DataError(
            f"cannot write {output}: i2ikit writes no {_kind(output, channels)}; use {substitute(channels)}"
        )
    return source, output


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


def plan_folder(source: Path, output: Path, channels: int = 3) -> list[tuple[Path, Path]]:
    """Return all images of a folder with their output files, in natural order.

    Raises:
        DataError: there are no images, or ``output`` is a file or has the extension of an image.
    """
    refuse_file(source, output, "but the input is a folder")
    if output.suffix.lower() in readable_extensions() and not output.is_dir():
        raise DataError(f"{source} is a folder, so its output must be one too; {output} has the extension of an image")
    images = [Path(image) for image in images_in(source)]
    others = count_others(source)
    if others:
        logger.warning("%d files in %s are not images and were skipped", others, source)
    pairs: list[tuple[Path, Path]] = []
    taken = {output / image.relative_to(source) for image in images}
    for image in images:
        target = in_writable_format(output / image.relative_to(source), taken, channels)
        taken.add(target)
        pairs.append((image, target))
    return pairs


def images_in(folder: Path) -> list[str]:
    """Return the paths of all images below a folder, in natural order.

    Raises:
        DataError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    images = list(list_images(folder))
    if not images:
        raise DataError(f"there are no images in {folder}; looked for {format_extensions()}")
    return images


def count_others(folder: Path) -> int:
    """Return the number of files below a folder that are neither images by their extension nor hidden."""
    return sum(
        path.suffix.lower() not in readable_extensions()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def in_writable_format(target: Path, taken: Collection[Path], channels: int = 3) -> Path:
    """Return ``target``, or a PNG or TIFF of its name that is not ``taken`` where its format cannot be written."""
    if is_video(target) or target.suffix.lower() in writable_extensions(channels):
        return target
    other = target.with_suffix(substitute(channels))
    if other in taken:
        other = target.with_name(f"{target.name}{substitute(channels)}")
    logger.warning("i2ikit writes no %s: %s becomes %s", _kind(target, channels), target.name, other.name)
    return other


def _kind(path: Path, channels: int) -> str:
    kind = path.suffix or "files without an extension"
    return kind if channels in COLORS else f"{kind} with {channels} channels"


def substitute(channels: int) -> str:
    """Return the extension of outputs whose own format cannot be written."""
    return ".png" if channels in COLORS else ".tif"


def refuse_overwriting(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Raise DataError if an output would replace an input or another output."""
    inputs = {os.path.realpath(image): image for image, _ in pairs}  # Path.resolve fails at a link to itself
    outputs: dict[Path, Path] = {}
    for image, target in pairs:
        replaced = inputs.get(os.path.realpath(target))
        if replaced is not None:
            raise DataError(f"the output {target} would replace the input {replaced}; choose another output folder")
        other = outputs.setdefault(target, image)
        if other is not image:
            raise DataError(f"{other} and {image} would both become {target}; rename one of them")
