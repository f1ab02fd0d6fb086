"""What a Translator takes and returns: files, images of Pillow, NumPy arrays and torch tensors."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from i2ikit.errors import DataError, ShapeError
from i2ikit.files import expanded
from i2ikit.images import DecodedImage, Reader
from i2ikit.images.files import left_out_frames
from i2ikit.images.formats.pillow import held_image
from i2ikit.images.guarding import file_errors
from i2ikit.images.planes import Planes
from i2ikit.inference.outputs import output_image
from i2ikit.inference.sequences.containers import is_video
from i2ikit.ops.pixels import image_to_tensor

KINDS = (
    "a path, an image of Pillow, a NumPy array (H, W), (H, W, C) or (B, H, W, C), a torch tensor (C, H, W) or "
    "(B, C, H, W), or a list of these"
)
ARRAY_TYPES = "uint8 in 0..255, uint16 in 0..65535, or float16, float32 or float64 in 0..1"
TENSOR_TYPES = "floating point in -1..1, uint8 in 0..255, or uint16 in 0..65535"
DEEP_GRAY = (np.uint16, np.float32)  # that Pillow holds
UNSIGNED = (np.uint8, np.uint16)
UNSIGNED_TENSORS = (torch.uint8, torch.uint16)
GRAY, COLOR = 1, 3
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
ROUNDING = 1e-3  # by which floating point may leave its range: filters overshoot, and short types round

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """An image, or a batch of them, on its way through a network.

    Attributes:
        name: of the image, for messages.
        x: (B, C, H, W) in -1..1, what the network gets.
        restore: makes an image of the kind, depth and place of the input from the output (B, C', H, W) in -1..1.
        doubt: what may be wrong with the image, a sentence; empty for nothing.
        place: of the first image among all that are translated, from 0.
    """

    name: str
    x: Tensor
    restore: Callable[[Tensor], Any]
    doubt: str = ""
    place: int = 0


def prepare(image: Any, source: Reader, target: Reader) -> Prepared:
    """Return an image of any kind as a network gets it.

    Args:
        image: see ``KINDS``; a list is not among them here.
        source, target: readers of the files of the two domains.

    Raises:
        DataError: a file cannot be read; or values are not finite or out of their range.
        ShapeError: an array or a tensor has another shape or number of channels.
        TypeError: it is no image, or has another data type.
    """
    if isinstance(image, str | os.PathLike):
        path = expanded(image)
        if is_video(path):
            raise DataError(f"{path} is a video: Translator.file(input, output) translates all of its frames")
        warn_of_frames(path, source)
        return prepared(source.image(path), str(path), source, target, as_pillow_or_array)
    if isinstance(image, Image.Image):
        return _of_pillow(image, source, target)
    if isinstance(image, np.ndarray):
        return _of_array(image, source, target)
    if isinstance(image, Tensor):
        return _of_tensor(image, source, target)
    raise TypeError(f"this is no image, but {type(image).__name__}. A Translator takes {KINDS}.{_way_in(image)}")


def prepared(
    image: DecodedImage, name: str, source: Reader, target: Reader, finish: Callable[[DecodedImage], Any]
) -> Prepared:
    """Return an image that is decoded already; ``finish`` gets the translated one."""
    x = image_to_tensor(image.pixels)[None]
    return Prepared(name, x, lambda output: finish(output_image(output[0], image, source, target)))


def warn_of_frames(path: Path, source: Reader) -> None:
    """Warn of the frames or pages of a file that are not read."""
    left_out = left_out_frames(path, source.channels)
    if left_out:
        logger.warning(
            "%s has %d frames: only the first is translated; Translator.file(input, output) translates all of them",
            *(path, left_out + 1),
        )


def as_array(image: DecodedImage) -> NDArray[Any]:
    """Return the values of an image as (H, W, C), opacity as the last channel; (H, W) where its layout is flat."""
    values, alpha = image.stored_values()
    if alpha is not None:
        values = np.concatenate([values, alpha[:, :, None].astype(values.dtype)], axis=2)
    flat = image.layout == "flat" and values.shape[2] == GRAY
    return np.ascontiguousarray(values[:, :, 0] if flat else values)


def as_pillow_or_array(image: DecodedImage) -> Image.Image | NDArray[Any]:
    """Return an image of Pillow where that holds all depth and channels, else an array (H, W, C)."""
    opaque_gray = image.channels == GRAY and image.alpha is None and not image.kept_alpha
    shallow = image.channels in (GRAY, COLOR) and image.stored_dtype == np.uint8
    return as_pillow(image) if shallow or (opaque_gray and image.dtype in DEEP_GRAY) else as_array(image)


def as_pillow(image: DecodedImage, mode: str = "") -> Image.Image:
    """Return an image of Pillow: L, RGB, LA or RGBA; of deep gray I;16, I or F.

    Pillow holds no deep color: it is reduced to 8 bits, with a warning.

    Args:
        image: with any depth.
        mode: of the input; ``"I"`` holds 16 bits too.

    Raises:
        DataError: Pillow holds no image with so many channels.
    """
    values, alpha = image.stored_values()
    channels = values.shape[2]
    if channels not in (GRAY, COLOR):
        raise DataError(f"Pillow holds no image with {channels} channels, as this generator makes. Give a NumPy array.")
    if values.dtype != np.uint8 and (channels == COLOR or alpha is not None):
        logger.warning("Pillow holds no %s color: reduced to 8 bits. Give a NumPy array to keep them.", values.dtype)
        values, alpha = image.stored_values(np.dtype(np.uint8))
    if values.dtype != np.uint8:
        kind = np.float32 if values.dtype.kind == "f" else np.int32
        values = values if values.dtype == np.uint16 and mode != "I" else values.astype(kind)
    found = Image.fromarray(np.ascontiguousarray(values[:, :, 0] if channels == GRAY else values))
    if alpha is not None:
        found.putalpha(Image.fromarray(np.ascontiguousarray(alpha)))
    if image.profile:
        found.info["icc_profile"] = image.profile
    return found


def _of_pillow(image: Image.Image, source: Reader, target: Reader) -> Prepared:
    """Prepare an image of Pillow by the rules of files: upright, palettes and CMYK as RGB."""
    name = getattr(image, "filename", "") or f"of Pillow, {image.width} x {image.height} pixels in mode {image.mode},"
    if not image.width or not image.height:
        raise ShapeError(f"the image {name} is empty")
    with file_errors(name):
        decoded = source.prepared(held_image(image), name)
    return prepared(decoded, name, source, target, lambda found: as_pillow(found, image.mode))


def _of_array(image: NDArray[Any], source: Reader, target: Reader) -> Prepared:
    name = f"{image.dtype} array {image.shape}"
    if image.ndim == 4 and len(image):
        parts = [_of_array(each, source, target) for each in image]
        return _joined(name, parts, np.stack)
    if image.ndim not in (2, 3) or not image.size:
        raise ShapeError(f"an image as an array is (H, W) or (H, W, C), not empty, got {image.shape}")
    native = np.asarray(image).astype(image.dtype.newbyteorder("="), copy=False)
    decoded = source.prepared(_planes(native, source, name), f"({name})")
    layout = "flat" if image.ndim == 2 else "last"
    return prepared(decoded, name, source, target, lambda found: as_array(replace(found, layout=layout)))


def _planes(image: NDArray[Any], source: Reader, name: str) -> Planes:
    """Return the values of an array; those of other than the usual types need a range that the data sets."""
    ranged = source.value_range is not None and image.dtype.kind in "iuf"
    if not (image.dtype in UNSIGNED or image.dtype.kind == "f" or ranged):
        raise TypeError(f"an image as an array is {ARRAY_TYPES}, not {image.dtype}")
    values = image if image.ndim == 3 else image[:, :, None]
    channels = values.shape[2]
    converts = _converts(source)
    if channels not in _counts(source):
        raise ShapeError(_wrong_channels(image.shape, source, converts=converts))
    values = _checked_values(values, source, name)
    if converts and channels in (GRAY + 1, COLOR + 1):
        return Planes(values[:, :, :-1], values[:, :, -1], color=True)
    return Planes(values, color=converts)


def _checked_values(values: NDArray[Any], source: Reader, name: str) -> NDArray[Any]:
    """Return values, floats clipped to 0..1 where the data sets no range; raise DataError if they are far outside."""
    if values.dtype.kind != "f":
        return values
    if not np.isfinite(values).all():
        raise DataError(f"the {name} holds values that are not finite, NaN or infinite; replace them first")
    low, high = float(values.min()), float(values.max())
    if source.value_range is not None or source.clip:
        return values
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise DataError(
            f"the {name} holds values from {low:g} to {high:g}, but a floating-point array is in 0..1. Divide it by "
            "its white, or give the range of your images: Translator.load(..., value_range=(LOW, HIGH))."
        )
    return values.clip(0, 1)


def _wrong_channels(shape: tuple[int, ...], source: Reader, *, converts: bool) -> str:
    takes = "1 to 4 channels (gray or RGB, with or without opacity)" if converts else f"{source.channels} channels"
    first = len(shape) == 3 and shape[0] in _counts(source)
    hint = " If channels are first, move them: np.moveaxis(image, 0, -1)." if first else ""
    return f"an array of this generator has {takes} in its last axis, got {shape}.{hint}"


def _of_tensor(image: Tensor, source: Reader, target: Reader) -> Prepared:
    name = f"{str(image.dtype).removeprefix('torch.')} tensor {tuple(image.shape)}"
    if image.layout is not torch.strided or image.is_meta:
        raise TypeError(f"an image as a tensor is dense and holds values; this one is {image.layout} on {image.device}")
    if image.ndim not in (3, 4) or not image.numel():
        raise ShapeError(f"an image as a tensor is (C, H, W) or (B, C, H, W), not empty, got {tuple(image.shape)}")
    if image.dtype in UNSIGNED_TENSORS:
        return _of_integers(image, source, target, name)
    if image.dtype not in FLOATS:
        raise TypeError(f"an image as a tensor is {TENSOR_TYPES}, not {image.dtype}")
    if image.shape[-3] != source.channels:
        raise ShapeError(
            f"a floating-point tensor of this generator has {source.channels} channels: ({source.channels}, H, W) or "
            f"(B, {source.channels}, H, W), got {tuple(image.shape)}.{_last(image, (source.channels,))}"
        )
    x = image.detach()
    doubt = _check_range(x, name)

    def restore(output: Tensor) -> Tensor:
        return output.to(x.device, x.dtype).reshape(*x.shape[:-3], *output.shape[1:])

    return Prepared(name, x.reshape(-1, *x.shape[-3:]), restore, doubt)


def _check_range(x: Tensor, name: str) -> str:
    """Return a doubt where values may be in 0..1; raise DataError where they are not finite or not in -1..1."""
    low, high = (value.item() for value in x.aminmax())
    if not low - low == high - high == 0:
        raise DataError(f"the {name} holds values that are not finite, NaN or infinite; replace them first")
    if low < -1 - ROUNDING or high > 1 + ROUNDING:
        raise DataError(
            f"the {name} holds values from {low:g} to {high:g}, but a floating-point tensor is in -1..1: x * 2 - 1 of "
            "values in 0..1. A tensor of bytes is taken as uint8."
        )
    if not 0 <= low < high:
        return ""
    return f"the {name} holds no value below 0; if it is in 0..1 instead of -1..1, translate x * 2 - 1 of it"


def _last(image: Tensor, counts: Sequence[int]) -> str:
    """Return the next step for a tensor whose last axis seems to hold the channels."""
    return " If channels are last, move them: torch.movedim(image, -1, -3)." if image.shape[-1] in counts else ""


def _counts(source: Reader) -> Sequence[int]:
    """Return the numbers of channels of an array; gray and RGB, with or without opacity, are converted."""
    return range(1, 5) if _converts(source) else (source.channels,)


def _converts(source: Reader) -> bool:
    return source.channels in (GRAY, COLOR) or source.keeps_alpha


def _of_integers(image: Tensor, source: Reader, target: Reader, name: str) -> Prepared:
    """Prepare a tensor of bytes as an array, and return a tensor."""

    def back(arrays: list[NDArray[Any]]) -> Tensor:
        found = torch.from_numpy(np.moveaxis(np.stack(arrays), -1, 1).copy()).to(image.device)
        return found.reshape(*image.shape[:-3], *found.shape[1:])

    counts = _counts(source)
    if image.shape[-3] not in counts:
        known = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else counts[0]
        raise ShapeError(
            f"an integer tensor of this generator has {known} channels: (C, H, W) or (B, C, H, W), got "
            f"{tuple(image.shape)}.{_last(image, counts)}"
        )
    images = image.detach().cpu().reshape(-1, *image.shape[-3:])
    return _joined(name, [_of_array(each.permute(1, 2, 0).numpy(), source, target) for each in images], back)


def _joined(name: str, parts: list[Prepared], join: Callable[[list[Any]], Any]) -> Prepared:
    """Return images of one size as one batch."""
    x = torch.cat([each.x for each in parts])
    return Prepared(name, x, lambda output: join([each.restore(output[k : k + 1]) for k, each in enumerate(parts)]))


def _way_in(image: Any) -> str:
    """Return the next step for what is nearly an image."""
    if isinstance(image, bytes | bytearray) or hasattr(image, "read"):
        return " Open the bytes of a file with PIL.Image.open."
    if isinstance(image, list | tuple):
        return " A list is not nested; numbers become an array by np.array(image, np.uint8)."
    return " Translator.stream takes an iterator of images." if hasattr(image, "__next__") else ""
