"""Translates videos, animations and files of several pages into files of the same kind."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.extras import require_extra
from i2ikit.files import open_atomically
from i2ikit.images import DecodedImage
from i2ikit.images.animations import Timing, holds_animation, read_animation, write_animation
from i2ikit.images.files import left_out_frames, write_errors
from i2ikit.images.pages import holds_pages, read_page_images, write_page_images
from i2ikit.inference.sequences.containers import CONTAINERS, is_video
from i2ikit.inference.sequences.flicker import FlickerResult
from i2ikit.inference.sequences.frames import FrameTranslator
from i2ikit.inference.sequences.video_reader import TimedFrame, VideoReader
from i2ikit.inference.sequences.video_writer import VideoWriter

logger = logging.getLogger(__name__)
BATCH_PIXELS = 2**18  # of frames that are translated together
MOST_BATCH = 8  # frames
TOLERANCE = 1  # frames: some files count one too many
GRAY, COLOR = 1, 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SequenceResult:
    """What was translated of a file with several frames.

    Attributes:
        frames: their number.
        flicker: of input and output; None where it is not measured: pages, and files without two similar frames.
    """

    frames: int
    flicker: FlickerResult | None = None


def translate_sequence(
    frames: FrameTranslator, source: Path, target: Path, on_progress: Progress | None = None
) -> SequenceResult | None:
    """Translate all frames of a video, an animation, or a TIFF of several pages.

    Args:
        frames: new for each file.
        source: a file.
        target: is replaced atomically, once it is complete.
        on_progress: called with the numbers of finished frames and of all; the latter is 0 if it is unknown.

    Returns:
        what was translated; None, and nothing is written, if either file is a single image. Of a file with several
        frames whose output cannot hold them, a warning says how many are left out.

    Raises:
        DataError: a file cannot be read or written, or only one of both is a video.
        RunError: the output cannot be written.
    """
    report = on_progress or (lambda done, total: None)
    channels = frames.source.channels
    if is_video(source) or is_video(target):
        return _translate_video(frames, source, target, report)
    left_out = left_out_frames(source, channels)
    if left_out and holds_animation(source, target):
        return _translate_animation(frames, source, target, report)
    if left_out and holds_pages(source, target, channels):
        return _translate_pages(frames, source, target, report)
    if left_out:
        logger.warning(
            "%s has %d frames, and %s holds one: only the first is translated, frames 2 to %d are left out",
            *(source, left_out + 1, target.suffix, left_out + 1),
        )
    return None


def _translate_video(frames: FrameTranslator, source: Path, target: Path, report: Progress) -> SequenceResult:
    _refuse_other_kinds(frames, source, target)
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(source))
        stack.enter_context(write_errors(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        file = stack.enter_context(open_atomically(target))
        writer = stack.enter_context(VideoWriter(file, target, reader))
        count = 0
        for item in _with_outputs(frames, reader):
            if isinstance(item, TimedFrame):
                writer.write(item)
                count += 1
                report(count, max(count, reader.declared))
            else:
                writer.copy(item)
    if count + TOLERANCE < reader.declared:
        logger.warning(
            "%s is damaged, or was not written to its end: %d of about %d frames could be read and are translated",
            *(source, count, reader.declared),
        )
    return SequenceResult(count, frames.flicker())


def _with_outputs(frames: FrameTranslator, reader: VideoReader) -> Iterator[Any]:
    """Yield what a reader yields, frames translated in batches; packets of other streams overtake them."""
    size = max(1, min(MOST_BATCH, BATCH_PIXELS // (reader.width * reader.height)))
    waiting: list[TimedFrame] = []
    for item in chain(reader, [None]):
        if isinstance(item, TimedFrame):
            waiting.append(item)
        elif item is not None:
            yield item
        if len(waiting) == size or (item is None and waiting):
            images = [frames.source.prepared(Image.fromarray(frame.pixels), reader.path) for frame in waiting]
            for frame, output in zip(waiting, frames(images, reader.path), strict=True):
                yield TimedFrame(_stored_levels(output), frame.time)
            waiting.clear()


def _stored_levels(image: DecodedImage) -> NDArray[np.uint8]:
    """Return an image with 8 bits and without opacity, (H, W, 3), or (H, W) for gray."""
    levels = image.stored_values(np.dtype(np.uint8), opaque=True)[0]
    return levels[:, :, 0] if levels.shape[2] == GRAY else levels


def _refuse_other_kinds(frames: FrameTranslator, source: Path, target: Path) -> None:
    """Raise an error unless both files are videos, and the frames have colors that a video holds."""
    require_extra("video", f"the video {source}", "av")
    channels = frames.target.channels - frames.target.keeps_alpha
    if channels not in (GRAY, COLOR):
        raise DataError(f"the generator writes {channels} channels, which no video holds: translate single images")
    if not (is_video(source) and is_video(target)):
        video, other = (source, target) if is_video(source) else (target, source)
        raise DataError(
            f"{video} is a video and {other} is none: input and output must both be videos ({' '.join(CONTAINERS)})"
        )


def _translate_animation(frames: FrameTranslator, source: Path, target: Path, report: Progress) -> SequenceResult:
    timing, total = Timing(), left_out_frames(source, frames.source.channels) + 1
    images = (frames.source.prepared(frame, source) for frame in read_animation(source, timing))
    outputs = list(_one_by_one(frames, images, source, lambda done: report(done, total)))
    write_animation(outputs, timing, target)
    return SequenceResult(len(outputs), frames.flicker())


def _translate_pages(frames: FrameTranslator, source: Path, target: Path, report: Progress) -> SequenceResult:
    total = left_out_frames(source, frames.source.channels) + 1
    images = (frames.source.prepared(page, source) for page in read_page_images(source))
    return SequenceResult(
        write_page_images(_one_by_one(frames, images, source, lambda done: report(done, total)), target)
    )


def _one_by_one(
    frames: FrameTranslator, images: Iterable[DecodedImage], source: Path, report: Callable[[int], None]
) -> Iterator[DecodedImage]:
    for done, image in enumerate(images, 1):
        yield frames([image], source)[0]
        report(done)
