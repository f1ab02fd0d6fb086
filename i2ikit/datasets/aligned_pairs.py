"""Pairs that are stored as one image each, side by side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.datasets.domain_images import Images
from i2ikit.datasets.domains import LETTERS, Channels, ValueRange
from i2ikit.datasets.pairs import Pairs
from i2ikit.datasets.sources import read_source
from i2ikit.errors import DataError
from i2ikit.images import domain_readers
from i2ikit.ops.pixels import Pixels, crop, size_of
from i2ikit.registry import DATASETS


@DATASETS.register_module()
class AlignedPairs(Pairs):
    """Images in the folder ``{split}`` whose left half is of domain A and whose right half is its partner in B.

    Args:
        root: the folder that holds the folder of the split.
        split: its name, such as "train" or "val".
        transform, direction, alpha, clip: as for ``UnpairedFolders``; it draws the same for both halves.
        channels, value_range: as for ``UnpairedFolders``, the same for both halves.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``.

    Raises:
        ValueError: an argument is out of its range.
        DataError: the folder is missing or empty; on access, an image cannot be read or halved.
    Source:
        Isola et al. 2017, arXiv:1611.07004, the published data sets.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        *,
        transform: Callable[[Pixels], Tensor] | None = None,
        direction: str = "AtoB",
        channels: Channels = 3,
        value_range: ValueRange = None,
        alpha: str = "white",
        clip: bool = False,
    ) -> None:
        source = read_source(Path(root).expanduser() / split)
        readers = domain_readers(channels=channels, value_range=value_range, alpha=alpha, clip=clip)
        letters = LETTERS[one_of("direction", direction, LETTERS)]
        self.domains = {
            domain: _Half(source.files, readers[domain], transform, right=letters[domain] == "B")
            for domain in ("a", "b")
        }
        self.paths = {"a": source.files}


class _Half(Images):
    """The left or the right halves of images."""

    def __init__(self, *arguments: Any, right: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.right = right

    def key(self) -> str:
        return f"{'right' if self.right else 'left'} half, {super().key()}"

    def read(self, path: str) -> Pixels:
        image = super().read(path)
        width, height = size_of(image)
        if width % 2:
            raise DataError(f"{path} is {width} pixels wide, which cannot be halved")
        half = width // 2
        return crop(image, half if self.right else 0, 0, half, height)
