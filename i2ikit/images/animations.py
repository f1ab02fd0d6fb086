"""Animations: GIF, WebP, APNG and AVIF files of several frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from i2ikit.images.files import read_header, write_encoded
from i2ikit.images.formats.pillow import FORMAT_OF, save_options, shallow_image, unpacked
from i2ikit.images.guarding import file_errors, open_image, refuse_bombs
from i2ikit.images.planes import DecodedImage, Planes

FORMATS = ("GIF", "WEBP", "PNG", "AVIF")
SAME_ONLY = ("PNG",)  # a file .png is a single image, unless its input is an animated PNG
REDRAWN: dict[str, dict[str, Any]] = {  # options with which no transparent position shows an older frame
    "GIF": {"disposal": 2},
    "PNG": {"disposal": 1, "blend": 0},
}
COLORS = 4  # with opacity, as all frames are held


@dataclass
class Timing:
    """How long the frames of an animation are shown, and how often.

    Attributes:
        durations: of each frame, in milliseconds, that of the default image left out.
        loop: how often they are shown; 0: without end; None: not stated.
        default_image: the first frame is no part of the animation: it is shown where animations are not (APNG).
    """

    durations: list[float] = field(default_factory=list)
    loop: int | None = None
    default_image: bool = False


def holds_animation(source: Path, target: Path) -> bool:
    """Return whether a file has several frames and another one, by its extension, can hold them.

    Raises:
        DataError: the first is missing, damaged, or no image.
    """
    header, extension = read_header(source), target.suffix.lower()
    name = FORMAT_OF.get(extension)
    if header.frames < 2 or header.format not in FORMATS or name not in FORMATS:
        return False
    return extension == ".apng" or name not in SAME_ONLY or name == header.format


def read_animation(path: Path, timing: Timing) -> Iterator[Image.Image | Planes]:
    """Yield all frames as they are seen: each complete, with what is below it.

    Args:
        path: of the file.
        timing: is filled.

    Raises:
        DataError: the file is damaged, or its frames together are too large.
    """
    with file_errors(path), open_image(path) as image:
        count = int(getattr(image, "n_frames", 1))
        refuse_bombs(path, image.width, image.height, COLORS * count)
        timing.loop = image.info.get("loop")
        timing.default_image = bool(image.info.get("default_image"))
        for index in range(count):
            image.seek(index)
            image.load()
            if index or not timing.default_image:
                timing.durations.append(image.info.get("duration") or 0)
            yield unpacked(image.copy())


def write_animation(frames: Sequence[DecodedImage], timing: Timing, path: Path) -> None:
    """Write frames atomically, in the format of the path's extension.

    Args:
        frames: of one size.
        timing: of these frames.
        path: with the extension of a GIF, WebP, PNG or AVIF file.

    Raises:
        DataError, RunError: as :func:`i2ikit.images.write_image`.
    """
    name = FORMAT_OF[path.suffix.lower()]
    first, *others = (shallow_image(frame, path) for frame in frames)
    options = {**save_options(frames[0], path), "duration": timing.durations}
    if any("A" in image.mode for image in (first, *others)):
        options |= REDRAWN.get(name, {})
    if timing.loop is not None:
        options["loop"] = timing.loop
    if timing.default_image:  # other formats have none: it becomes a frame
        options |= {"default_image": True} if name == "PNG" else {"duration": [0, *timing.durations]}
    write_encoded(path, lambda file: first.save(file, name, save_all=True, append_images=others, **options))
