"""Images beyond a and b: masks and labels beside the images of a domain, and second draws of a domain."""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from torch import Tensor

from i2ikit.datasets.domains import DomainImages
from i2ikit.datasets.sources import by_stem, folders_in
from i2ikit.errors import DataError, nearest_hint
from i2ikit.images import FileList, Reader, list_images
from i2ikit.images.files import decode, read_header
from i2ikit.images.formats.base import Size
from i2ikit.images.guarding import file_errors, open_image
from i2ikit.images.planes import Planes
from i2ikit.ops.pixels import Pixels

DOMAINS = ("a", "b")
MASK, LABEL = KINDS = ("mask", "label")
SECOND = "2"  # what the name of a second draw ends in
POSSIBLE = tuple(
    name for draw in (*DOMAINS, *(f"{domain}{SECOND}" for domain in DOMAINS))
    for name in (draw, *(f"{draw}_{kind}" for kind in KINDS))
)  # fmt: skip
WHITE = 255
INDEXED = ("P", "1")  # modes of Pillow's images whose values are not colors


def draws(extra: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the draws of an item and what comes with each: ``["b_mask", "a2"]`` gives a, b with its mask, and a2.

    Args:
        extra: names of images beyond a and b: ``a2`` is a second image of a, ``a_mask`` and ``a_label`` are beside a.

    Raises:
        ValueError: there is no such image; the message has the nearest.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(DOMAINS, ())
    for name in dict.fromkeys(extra):
        if name not in POSSIBLE:
            known = ", ".join(name for name in POSSIBLE if name not in DOMAINS)
            raise ValueError(f"extra takes {known}, not {name!r}.{nearest_hint(str(name), POSSIBLE)}")
        draw, _, kind = name.partition("_")
        found[draw] = (*found.get(draw, ()), *([kind] if kind else []))
    return found


def names_of(drawn: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the names of the images of an item, from its draws and what comes with each."""
    return tuple(name for draw, kinds in drawn.items() for name in (draw, *(f"{draw}_{kind}" for kind in kinds)))


class Codes(DomainImages):
    """The masks or the labels of the images of a domain, moved as their images are.

    A mask is float32 in 0..1; a label keeps its codes, int64.

    Args:
        images: of the domain; their transform moves the codes too.
        files: a mask or a label for each of the images, at the same index.
        kind: ``"mask"`` or ``"label"``.
    """

    def __init__(self, images: DomainImages, files: FileList, kind: str) -> None:
        reader = MaskReader() if kind == MASK else LabelReader()
        super().__init__(files, reader, images.transform)
        self.images, self.kind, self.part = images, kind, images.part

    def __getitem__(self, index: int) -> Tensor:
        """Return a mask or a label (1, H, W), moved with new random numbers.

        Raises:
            DataError: it cannot be read, has another size than its image, or the transform does not move codes.
        """
        self.check_size(index)
        codes = super().__getitem__(index)
        if codes.is_floating_point():
            raise DataError(
                f"the transform {type(self.transform).__name__} does not move a {self.kind} along with its image; "
                "derive it from i2ikit.transforms.base.Transform, or leave the extra images out"
            )
        return as_values(codes, self.kind)

    def check_size(self, index: int) -> None:
        """Raise DataError unless a mask or a label has the size of its image."""
        path, image = self.files[index], self.images.files[index]
        own, other = read_header(path), read_header(image)
        if (own.width, own.height) != (other.width, other.height):
            sizes = f"{own.width} x {own.height} pixels, its image {image} {other.width} x {other.height}"
            raise DataError(f"the {self.kind} {path} has {sizes}")

    def part_of(self, image: Pixels, path: str) -> Pixels:
        """Return the part of a file that goes with its image."""
        return self.images.part_of(image, path)


def as_values(codes: Tensor, kind: str) -> Tensor:
    """Return moved codes, int64 (1, H, W), as a label, or as a mask, float32 in 0..1."""
    return codes.float() / WHITE if kind == MASK else codes


class MaskReader(Reader):
    """Reads a file as a mask, 0 (black) to 255 (white); the values 0 and 1 alone count as black and white."""

    def __init__(self) -> None:
        super().__init__(1)

    def __call__(self, path: str | Path, *, draft: Size | None = None) -> Pixels:
        """Return the codes of a mask, 0..255; errors as for any image."""
        pixels = super().__call__(path)
        gray = isinstance(pixels, Image.Image)
        codes = np.array(pixels, np.int32) if gray else np.rint(np.asarray(pixels)[..., 0] * WHITE).astype(np.int32)
        return Image.fromarray(codes * WHITE if gray and codes.max() == 1 else codes)

    def key(self) -> str:
        """Return the key of a cache."""
        return "mask"


class LabelReader(Reader):
    """Reads a file as a label map: the stored integers, those of a palette too."""

    def __init__(self) -> None:
        super().__init__(1)

    def __call__(self, path: str | Path, *, draft: Size | None = None) -> Pixels:
        """Return the codes of a label map.

        Raises:
            DataError: it has several channels, or no integers.
        """
        if read_header(path).mode in INDEXED:
            with file_errors(path), open_image(path) as image:
                return Image.fromarray(np.array(ImageOps.exif_transpose(image), np.int32))
        found = decode(path, 1)
        values = found.values if isinstance(found, Planes) else np.array(found)
        if values.ndim == 3 and values.shape[2] == 1:
            values = values[..., 0]
        if values.ndim != 2 or values.dtype.kind not in "biu":
            what = f"{values.shape[2]} channels" if values.ndim == 3 else f"values of type {values.dtype}"
            raise DataError(f"the label {path} has {what}: a label is one channel, or a palette, of integer codes")
        return Image.fromarray(values.astype(np.int32))

    def key(self) -> str:
        """Return the key of a cache."""
        return "label"


def attach(domains: Mapping[str, DomainImages], wanted: Mapping[str, Collection[str]]) -> dict[str, Codes]:
    """Find the masks and labels that go with the images of domains: ``companions`` of each; return them by name.

    They are in a folder beside that of the images, ``trainA_mask`` for ``trainA``, under the same names whatever their
    extensions; or a list of the images has a column ``mask`` or ``label`` with their paths.

    Args:
        domains: the images of each domain.
        wanted: kinds by draw, as :func:`draws` returns them.

    Raises:
        DataError: a folder or a file is missing; the message names it.
    """
    found: dict[str, Codes] = {}
    for domain, images in domains.items():
        kinds = dict.fromkeys(kind for draw, kinds in wanted.items() if draw[0] == domain for kind in kinds)
        own = {kind: Codes(images, _beside(images, kind), kind) for kind in kinds}
        images.companions = dict(own)
        found |= {f"{domain}_{kind}": codes for kind, codes in own.items()}
    return found


def unread_advice(domains: Mapping[str, DomainImages]) -> str:
    """Return how to read the masks and labels that are beside the images; an empty string if there are none."""
    there = [
        f"{domain}_{kind}"
        for domain, images in domains.items() if images.source is not None
        for kind in KINDS if images.source.with_name(f"{images.source.name}_{kind}").is_dir()
    ]  # fmt: skip
    return f"; not read: {', '.join(there)} (data.train.extra={there!r})" if there else ""


def _beside(images: DomainImages, kind: str) -> FileList:
    """Return the file of this kind for each image."""
    if kind in images.attributes:
        return FileList(images.files.root, (str(name) for name in images.attributes[kind]))
    source = images.source
    assert source is not None, "images of a folder or a list"
    folder = source.with_name(f"{source.stem if source.is_file() else source.name}_{kind}")
    if not folder.is_dir():
        column = f", or a column {kind!r} in {source}" if source.is_file() else ""
        hint = nearest_hint(folder.name, folders_in(folder.parent))
        raise DataError(f"there are no {kind}s for {source}: expected the folder {folder}{column}.{hint}")
    files = list_images(folder)
    stems = by_stem(files)

    def partner(name: str) -> str:
        stem = os.path.splitext(name)[0]
        if stem not in stems:
            path = os.path.join(images.files.root, name)
            raise DataError(f"the image {path} has no {kind}: there is no {stem}.* in {folder}")
        return files.name(stems[stem])

    return FileList(folder, [partner(images.files.name(index)) for index in range(len(images))])
