"""Crops of one image per domain: training on a single image."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from i2ikit.checks import fraction, positive_int
from i2ikit.datasets.domains import Channels, ValueRange, open_domains
from i2ikit.datasets.extra import as_values, attach, draws, names_of
from i2ikit.errors import DataError
from i2ikit.images import FileList
from i2ikit.ops.pixels import Pixels, image_to_tensor, mirror, resize, size_of
from i2ikit.ops.streams import restored_streams
from i2ikit.registry import DATASETS


@DATASETS.register_module()
class SingleImagePair:
    """Random crops of the one image in ``trainA`` and of the one in ``trainB``.

    For each item and domain: zoom width and height by two independent factors, put a grid of crops on the zoomed image
    at a random offset within the remainder, take one cell, mirror it with a probability. All random numbers are from
    torch's global stream and new for each item, so the crops of a batch differ in their zoom. (The published loader
    intends a shared zoom, but shuffles the crops.)

    Args:
        root: the folder that holds ``trainA`` and ``trainB``.
        crop_size: pixels, >= 1, height and width of a crop. Published: 64.
        count: items of an epoch, >= 1.
        smallest_zoom: factors are uniform from it to 1, above 0 and at most 1; a zoomed image is never smaller than
            a crop.
        flip: probability of a mirror, 0..1.
        a, b, direction, channels, value_range, alpha, clip: as for ``UnpairedFolders``.
        extra: as for ``UnpairedFolders``; ``a2`` is another crop of the image of a, with random numbers of its own.
    Shape:
        item: ``{"a": (C, crop_size, crop_size), "b": same, "a_path": str, "b_path": str}``, float32 in -1..1; and those
            of ``extra``, masks and labels as (1, crop_size, crop_size).

    Raises:
        ValueError: an argument is out of its range.
        DataError: a folder is missing, has not exactly one image, or a mask does not fit it.
    Source:
        Park et al. 2020 (CUT), arXiv:2007.15651, section 4.4 and the published data loader.
    Example:
        >>> import tempfile
        >>> from i2ikit.datasets.stripes.stripes import write_stripes
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     SingleImagePair(write_stripes(folder, size=16, train_count=1, test_count=1), crop_size=8)[0]["a"].shape
        torch.Size([3, 8, 8])
    """

    def __init__(
        self,
        root: str | Path,
        *,
        crop_size: int,
        count: int = 100_000,
        smallest_zoom: float = 1 / 3,
        flip: float = 0.5,
        a: str | Path | None = None,
        b: str | Path | None = None,
        direction: str = "AtoB",
        channels: Channels = 3,
        value_range: ValueRange = None,
        alpha: str = "white",
        clip: bool = False,
        extra: Sequence[str] = (),
    ) -> None:
        self.draws = draws(extra)
        self.crop_size, self.count = positive_int("crop_size", crop_size), positive_int("count", count)
        if not 0 < smallest_zoom <= 1:
            raise ValueError(f"smallest_zoom must be above 0 and at most 1, not {smallest_zoom!r}")
        self.smallest_zoom, self.flip = smallest_zoom, fraction("flip", flip)
        reading = {"channels": channels, "value_range": value_range, "alpha": alpha, "clip": clip}
        own = {"a": a, "b": b}
        self.paths: dict[str, FileList] = {}
        self.images: dict[str, Pixels] = {}
        domains = open_domains(root, "train", own, direction, transform=None, reading=reading)
        for domain, images in domains.items():
            if len(images) > 1:
                raise DataError(
                    f"{Path(images.files[0]).parent} contains {len(images)} images, but training on a single image "
                    f'takes one. For more, use the data set dict(type="UnpairedFolders", root={str(root)!r}, ...).'
                )
            self.paths[domain] = images.files
            self.images[domain] = images.reader(images.files[0])
        for name, codes in attach(domains, self.draws).items():
            codes.check_size(0)
            self.paths[name], self.images[name] = codes.files, codes.reader(codes.files[0])

    def __len__(self) -> int:
        """Return the number of items that count as one epoch."""
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return a new crop of each image, whatever the index."""
        if not 0 <= index < self.count:
            raise IndexError(f"item {index} of {self.count}")
        item: dict[str, Any] = {}
        for draw, kinds in self.draws.items():
            domain = draw[0]
            item[f"{draw}_path"] = self.paths[domain][0]
            for kind in kinds:
                with restored_streams():  # for the image
                    item[f"{draw}_{kind}"] = as_values(self._crop(self.images[f"{domain}_{kind}"]), kind)
            item[draw] = self._crop(self.images[domain])
        return item

    @staticmethod
    def image_names(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the images of an item, from the arguments in a config."""
        return names_of(draws(arguments.get("extra") or ()))

    def _crop(self, image: Pixels) -> Tensor:
        """Zoom and crop in one resampling, which reads only the crop's part of the image."""
        zoom = self.smallest_zoom + (1 - self.smallest_zoom) * torch.rand(2, dtype=torch.float64)
        scales, starts = [], []
        for side, factor in zip(size_of(image), zoom.tolist(), strict=True):
            zoomed = max(self.crop_size, round(side * factor))
            scales.append(side / zoomed)
            starts.append(self._start(zoomed))
        box = [start * scale for start, scale in zip(starts, scales, strict=True)]
        box += [(start + self.crop_size) * scale for start, scale in zip(starts, scales, strict=True)]
        box[2:] = [min(end, side) for end, side in zip(box[2:], size_of(image), strict=True)]  # rounding
        size, filtering = (self.crop_size, self.crop_size), Image.Resampling.BILINEAR
        crop = resize(image, size, filtering=filtering, box=(box[0], box[1], box[2], box[3]))
        return image_to_tensor(mirror(crop) if torch.rand(1) < self.flip else crop)

    def _start(self, zoomed: int) -> int:
        """Sample where a crop starts along a side of ``zoomed`` pixels: an offset of the grid, and a cell of it."""
        cells = zoomed // self.crop_size
        offset = int(torch.randint(zoomed - cells * self.crop_size + 1, ()))
        return offset + self.crop_size * int(torch.randint(cells, ()))
