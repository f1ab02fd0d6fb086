"""The formats that Pillow reads and writes."""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from i2ikit.images.formats.base import ORIENTATION, SIDEWAYS, Header, ImageFormat, Size
from i2ikit.images.guarding import PILLOW_FORMATS, open_image
from i2ikit.images.planes import DecodedImage, Planes

WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {  # extensions and options of the formats that are written
    "PNG": (".png .apng", {}),
    "JPEG": (".jpg .jpeg .jpe .jfif", {"quality": 95, "subsampling": 0}),
    "WEBP": (".webp", {"lossless": True, "exact": True}),
    "TIFF": (".tif .tiff", {"compression": "tiff_lzw"}),
    "BMP": (".bmp", {}),
    "GIF": (".gif", {}),
    "PPM": (".ppm .pnm", {}),
    "TGA": (".tga", {}),
    "JPEG2000": (".jp2", {}),
    "AVIF": (".avif", {"quality": 95}),
}
FORMAT_OF = {extension: name for name, (extensions, _) in WRITTEN.items() for extension in extensions.split()}
HOLD_ALPHA = ("PNG", "WEBP", "TIFF", "GIF", "TGA", "JPEG2000", "AVIF")
CHANNELS = (1, 3)
BITS = {"1": 1, "F": 32, "I": 32}
COLORS = {"P": 3, "PA": 4, "CMYK": 3}  # channels after the conversion to RGB, by mode
LAYERED = ("PSD",)  # the first frame shows all others
WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")  # modes
PROFILED = ("RGB", "RGBA", "RGBa", "P", "PA")  # modes whose color profile describes RGB


class PillowFormat(ImageFormat):
    """What no other format matches: images with 8 bits per channel, and gray ones of any depth."""

    def readable(self) -> frozenset[str]:
        """Return the extensions of all known formats that this Pillow reads."""
        extensions = Image.registered_extensions()  # which loads all formats of Pillow
        known = {*PILLOW_FORMATS} & {*Image.OPEN}
        return frozenset(extension for extension, name in extensions.items() if name in known)

    def writable(self, channels: int, dtype: np.dtype[Any]) -> frozenset[str]:
        """Return the common extensions, for gray and RGB; deeper values are reduced to 8 bits."""
        Image.init()
        writable = (extension for extension, name in FORMAT_OF.items() if name in Image.SAVE)
        return frozenset(writable if channels in CHANNELS else ())

    def matches(self, head: bytes, extension: str) -> bool:
        """Return True: Pillow tries any file."""
        return True

    def read_header(self, path: str | Path) -> Header:
        """Return what Pillow finds in the header."""
        with open_image(path) as image:
            width, height = image.size
            if image.getexif().get(ORIENTATION) in SIDEWAYS:
                width, height = height, width
            deep = "16" in image.mode or ";16" in str(getattr(image, "tile", ""))
            bits = 16 if deep else BITS.get(image.mode, 8)
            channels = COLORS.get(image.mode, len(image.getbands()))
            frames = 1 if image.format in LAYERED else int(getattr(image, "n_frames", 1))
            return Header(str(image.format), image.mode, width, height, channels, bits, frames)

    def decode(self, path: str | Path, channels: int, draft: Size | None) -> Image.Image | Planes:
        """Return the first frame: gray or RGB of 8 bits as an image of Pillow, deeper or transparent ones as planes."""
        with open_image(path) as image:
            if draft is not None:
                image.draft(None, draft)
            return unpacked(image)

    def encode(self, file: BinaryIO, image: DecodedImage, path: Path) -> None:
        """Write gray or RGB with 8 bits, with opacity if the format holds it, else on its background.

        A pixel of a GIF is opaque or transparent: the partly transparent ones are written on the background.
        """
        name = FORMAT_OF[path.suffix.lower()]
        shallow_image(image, path).save(file, name, **save_options(image, path))


def shallow_image(image: DecodedImage, path: Path) -> Image.Image:
    """Return an image of Pillow with 8 bits, as the format of a path holds it."""
    name = FORMAT_OF[path.suffix.lower()]
    values, alpha = image.reduced_values(np.dtype(np.uint8), path, opaque=name not in HOLD_ALPHA)
    if alpha is not None and name == "GIF":
        values = image.stored_values(np.dtype(np.uint8), opaque=True)[0]
        alpha = np.where(alpha > 0, 255, 0).astype(np.uint8)
    shallow = Image.fromarray(np.ascontiguousarray(values[:, :, 0] if values.shape[2] == 1 else values))
    if alpha is not None:
        shallow.putalpha(Image.fromarray(np.ascontiguousarray(alpha)))
    return shallow


def save_options(image: DecodedImage, path: Path) -> dict[str, Any]:
    """Return the options with which Pillow writes an image to a path."""
    profile = {"icc_profile": image.profile} if image.profile else {}
    return {**WRITTEN[FORMAT_OF[path.suffix.lower()]][1], **profile}


def unpacked(image: Image.Image) -> Image.Image | Planes:
    """Return an opened image, upright and loaded: gray or RGB of 8 bits, or planes of deeper or transparent ones."""
    dtype = _type_of(image)
    ImageOps.exif_transpose(image, in_place=True)
    image.load()
    return _shallow(image) if dtype is None else _deep(image, dtype)


def held_image(image: Image.Image) -> Image.Image | Planes:
    """Return what an image of Pillow holds, as :meth:`PillowFormat.decode` does for a file; it is not changed.

    Raises:
        Exception: anything, where its file is damaged or closed, or its mode is not converted to RGB.
    """
    image.load()
    return unpacked(image.convert("LA") if image.mode == "La" else image.copy())


def _type_of(image: Image.Image) -> np.dtype[Any] | None:
    """Return the type of an image's values; None for at most 8 bits."""
    if image.mode == "F":
        return np.dtype(np.float32)
    return np.dtype(np.uint16) if image.mode == "I" or image.mode.startswith("I;16") else None


def _shallow(image: Image.Image) -> Image.Image | Planes:
    profile = image.info.get("icc_profile") if image.mode in PROFILED else None
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA"))
        return Planes(rgba[:, :, :3], rgba[:, :, 3], color=True, profile=profile)
    flat = image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")
    flat.info["icc_profile"] = profile
    return flat


def _deep(image: Image.Image, dtype: np.dtype[Any]) -> Planes:
    values = np.asarray(image)
    if values.dtype == np.int32 and not 0 <= values.min() <= values.max() <= np.iinfo(dtype).max:
        dtype = values.dtype
    transparent = image.info.get("transparency")
    alpha = None
    if isinstance(transparent, int):
        alpha = np.where(values == transparent, 0, np.iinfo(np.uint16).max).astype(np.uint16)
    return Planes(values.astype(dtype)[:, :, None], alpha, color=True, layout="flat")
