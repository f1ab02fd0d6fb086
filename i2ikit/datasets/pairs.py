"""Pairs of images of the same scenes, for metrics and for methods that learn from pairs."""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.datasets.domains import LETTERS, Channels, DomainImages, ValueRange, open_domains
from i2ikit.datasets.sources import read_source
from i2ikit.errors import DataError
from i2ikit.images import FileList, domain_readers
from i2ikit.ops.pixels import Pixels, crop, size_of
from i2ikit.registry import DATASETS

SHOWN = 5  # names in a message


class _Pairs:
    """Items of two images of one scene, transformed with the same random numbers; subclasses fill ``domains``.

    Attributes:
        domains: the images of ``a`` and of ``b``, equally many, partners at the same index.
        paired: metrics may compare outputs with b.
    """

    domains: dict[str, DomainImages]
    paired = True

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.domains["a"])

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one pair; negative indices and those past the end raise IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        return _same_random_numbers(self.domains, index)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, counted from 1, of the transform."""
        self.domains["a"].set_epoch(epoch)

    def describe(self) -> str:
        """Return the number of pairs as text."""
        return f"{len(self):,} pair{'s' * (len(self) != 1)}"


@DATASETS.register_module()
class PairedFolders(_Pairs):
    """Images that have the same name in the folders ``{split}A`` and ``{split}B``, whatever their extensions.

    Args:
        root: the folder that holds the folders of the domains.
        split: "test", "train", or another prefix of the folders' names.
        a, b: another folder of a domain, relative to ``root``; two lists are paired line by line.
        transform, direction, channels, value_range, alpha, clip, draft: as for ``UnpairedFolders``.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``.

    Raises:
        ValueError: an argument is out of its range.
        DataError: a folder is missing or empty, or a name has no partner or several; on access, an image cannot be
            read, or the two of a pair differ in size and the transform is random.
    Example:
        >>> import tempfile
        >>> from i2ikit.datasets.stripes.stripes import write_stripes
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pairs = PairedFolders(write_stripes(folder, size=16, train_count=1, test_count=2))
        ...     len(pairs), pairs[1]["a_path"][-8:], pairs[1]["b_path"][-8:]
        (2, '0001.png', '0001.png')
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "test",
        *,
        direction: str = "AtoB",
        transform: Callable[[Pixels], Tensor] | None = None,
        a: str | Path | None = None,
        b: str | Path | None = None,
        channels: Channels = 3,
        value_range: ValueRange = None,
        alpha: str = "white",
        clip: bool = False,
        draft: bool = False,
    ) -> None:
        reading = {"channels": channels, "value_range": value_range, "alpha": alpha, "clip": clip}
        own = {"a": a, "b": b if b is not None or split == "train" else f"{split}{'BA'[direction == 'BtoA']}"}
        self.domains = open_domains(root, split, own, direction, transform=transform, reading=reading, draft=draft)
        listed = any(source is not None and (Path(root) / source).is_file() for source in (a, b))
        self._pair(self.domains, in_order=listed)
        self.paths = {domain: images.files for domain, images in self.domains.items()}

    def _pair(self, domains: Mapping[str, DomainImages], *, in_order: bool) -> None:
        """Put the files of b into the order of their partners in a."""
        a, b = domains["a"].files, domains["b"].files
        if in_order:
            if len(a) != len(b):
                raise DataError(f"lists are paired line by line, but a has {len(a)} images and b has {len(b)}")
            return
        found = {domain: _by_stem(domains[domain].files) for domain in ("a", "b")}
        _refuse_singles(found["a"], a.root, found["b"], b.root)
        _refuse_singles(found["b"], b.root, found["a"], a.root)
        domains["b"].files = FileList(b.root, (b.name(found["b"][stem]) for stem in found["a"]))


def _by_stem(files: FileList) -> dict[str, int]:
    """Return the indices of files by their names without extension."""
    indices: dict[str, int] = {}
    for index in range(len(files)):
        stem = os.path.splitext(files.name(index))[0]
        other = indices.setdefault(stem, index)
        if other != index:
            raise DataError(f"{files[other]} and {files[index]} have the same name: it is unclear which is the partner")
    return indices


def _refuse_singles(
    names: Sequence[str] | Mapping[str, int], root: str, partners: Mapping[str, int], other: str
) -> None:
    single = [name for name in names if name not in partners]
    if single:
        shown = ", ".join(single[:SHOWN]) + (f" and {len(single) - SHOWN} more" if len(single) > SHOWN else "")
        raise DataError(
            f"{len(single)} of {len(names)} images in {root} have no partner of their name in {other}: {shown}"
        )


@DATASETS.register_module()
class AlignedPairs(_Pairs):
    """Images side by side: the left half of each image in the folder ``{split}`` is of domain A, the right half of B.

    Args:
        root: the folder that holds the folder of the split.
        split: its name, such as "train" or "val".
        transform, direction, alpha, clip: as for ``UnpairedFolders``.
        channels, value_range: as for ``UnpairedFolders``, the same for both halves.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``.

    Raises:
        ValueError: an argument is out of its range.
        DataError: the folder is missing or empty; on access, an image cannot be read or halved.
    Source:
        Isola et al. 2017, arXiv:1611.07004, the published data sets.
    Example:
        >>> import tempfile
        >>> from i2ikit.datasets.stripes.stripes import write_stripes
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     AlignedPairs(write_stripes(folder, size=16, train_count=2, test_count=1), "trainA")[0]["a"].shape
        torch.Size([3, 16, 8])
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


class _Half(DomainImages):
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
            raise DataError(f"{path} is {width} pixels wide, an odd width, so it cannot be halved")
        half = width // 2
        return crop(image, half if self.right else 0, 0, half, height)


def _same_random_numbers(domains: Mapping[str, DomainImages], index: int) -> dict[str, Any]:
    """Return an item whose images were transformed with the same random numbers.

    Raises:
        DataError: the transform is random, and its two images differ in size.
    """
    items = {domain: images.fixed(images.files[index]) for domain, images in domains.items()}
    sizes = {size_of(image) for image in items.values()}
    if len(sizes) > 1 and any(getattr(images.transform, "is_random", False) for images in domains.values()):
        found = " and ".join(f"{images.files[index]} {size_of(items[d])}" for d, images in domains.items())
        raise DataError(f"the images of a pair differ in size, so one random transform does not fit both: {found}")
    item: dict[str, Any] = {}
    state = _random_state()
    for domain, image in items.items():
        _set_random_state(state)
        item[domain] = domains[domain].finish(image, domains[domain].files[index])
        item[f"{domain}_path"] = domains[domain].files[index]
    return item


def _random_state() -> tuple[Tensor, Any, Any]:
    return torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002


def _set_random_state(state: tuple[Tensor, Any, Any]) -> None:
    torch.set_rng_state(state[0])
    random.setstate(state[1])
    np.random.set_state(state[2])  # noqa: NPY002
