"""Pairs of images of the same scenes, for metrics and for methods that learn from pairs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.datasets.domains import LETTERS, Channels, DomainImages, ValueRange, open_domains
from i2ikit.datasets.extra import DOMAINS, attach, draws, names_of
from i2ikit.datasets.sources import by_stem, read_source
from i2ikit.errors import DataError, counted
from i2ikit.files import expanded
from i2ikit.images import FileList, domain_readers
from i2ikit.ops.pixels import Pixels, crop, size_of
from i2ikit.ops.streams import restored_streams
from i2ikit.registry import DATASETS

SHOWN = 5  # names in a message


class _Pairs:
    """Items of two images of one scene, transformed with the same random numbers; subclasses fill ``domains``.

    Attributes:
        domains: the images of ``a`` and of ``b``, equally many, partners at the same index.
        paired: metrics may compare outputs with b.
    """

    domains: dict[str, DomainImages]
    paths: dict[str, FileList]
    paired = True

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.domains["a"])

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one pair, both transformed with the same random numbers.

        Raises:
            IndexError: the index is negative or past the end.
            DataError: an image cannot be read, or the transform is random and the images differ in size.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {len(self)}")
        a, b = self.domains["a"], self.domains["b"]
        path_a, path_b = a.files[index], b.files[index]
        image_a, image_b = a.fixed(path_a), b.fixed(path_b)
        sizes = size_of(image_a), size_of(image_b)
        if sizes[0] != sizes[1] and getattr(a.transform, "is_random", False):
            raise DataError(
                "the images of a pair differ in size, so one random transform does not fit both: "
                f"{path_a} {sizes[0]} and {path_b} {sizes[1]}"
            )
        item: dict[str, Any] = {}
        for domain, images in self.domains.items():
            for kind, codes in images.companions.items():
                with restored_streams():  # for the next image of the pair
                    item[f"{domain}_{kind}"] = codes[index]
        with restored_streams():
            item |= {"a": a.finish(image_a, path_a), "a_path": path_a}
        return item | {"b": b.finish(image_b, path_b), "b_path": path_b}

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, counted from 1, of the transform."""
        self.domains["a"].set_epoch(epoch)

    def leave_out_unreadable(self) -> list[str]:
        """Read all files once, and leave out the pairs of those that cannot be read; return a message about each."""
        found = [images.unreadable() for images in self.domains.values()]
        bad = {index for reasons in found for index in reasons}
        for images in self.domains.values():
            images.leave_out(bad)
        self.paths = self._paths(self.paths)
        return list(dict.fromkeys(message for reasons in found for message in reasons.values()))

    def _paths(self, names: Iterable[str]) -> dict[str, FileList]:
        """Return the files of images, masks and labels by these names: ``a``, ``b_mask``."""
        split = {name: name.partition("_") for name in names}
        images = {name: self.domains[domain] for name, (domain, _, _) in split.items()}
        return {
            name: (images[name].companions[kind] if kind else images[name]).files for name, (*_, kind) in split.items()
        }

    def describe(self) -> str:
        """Return the number of pairs as text."""
        return counted(len(self), "pair")

    @staticmethod
    def image_names(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the images of an item, from the arguments in a config."""
        return names_of(_without_second(arguments.get("extra") or ()))


@DATASETS.register_module()
class PairedFolders(_Pairs):
    """Images that have the same name in the folders ``{split}A`` and ``{split}B``, whatever their extensions.

    Args:
        root: the folder that holds the folders of the domains.
        split: "test", "train", or another prefix of the folders' names.
        a, b: another folder of a domain, relative to ``root``; two lists are paired line by line.
        transform, direction, channels, value_range, alpha, clip, draft: as for ``UnpairedFolders``.
        extra: of ``a_mask``, ``a_label``, ``b_mask``, ``b_label``: files beside the images, as for ``UnpairedFolders``.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``, and those of ``extra``, (1, H, W).

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
        extra: Sequence[str] = (),
    ) -> None:
        drawn = _without_second(extra)
        reading = {"channels": channels, "value_range": value_range, "alpha": alpha, "clip": clip}
        own = {"a": a, "b": b if b is not None or split == "train" else f"{split}{'BA'[direction == 'BtoA']}"}
        self.domains = open_domains(root, split, own, direction, transform=transform, reading=reading, draft=draft)
        listed = any(source is not None and (expanded(root) / expanded(source)).is_file() for source in (a, b))
        files = {domain: images.files for domain, images in self.domains.items()}
        if not listed:
            files["b"] = self.domains["b"].files = _partners(files["a"], files["b"])
        elif len(files["a"]) != len(files["b"]):
            counts = f"a has {counted(len(files['a']), 'image')} and b has {len(files['b'])}"
            raise DataError(f"lists are paired line by line, but {counts}")
        attach(self.domains, drawn)
        self.paths = self._paths(names_of(drawn))


def _without_second(extra: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the draws of a pair; ValueError if there is a second image among them."""
    drawn = draws(extra)
    second = sorted(drawn.keys() - {*DOMAINS})
    if second:
        raise ValueError(f"the images of a pair have no second image, so extra does not take {second[0]!r}")
    return drawn


def _partners(a: FileList, b: FileList) -> FileList:
    """Return the files of b in the order of those of a with the same name."""
    of_a, of_b = by_stem(a), by_stem(b)
    for names, root, partners, other in ((of_a, a.root, of_b, b.root), (of_b, b.root, of_a, a.root)):
        single = [name for name in names if name not in partners]
        if single:
            shown = ", ".join(single[:SHOWN]) + (f" and {len(single) - SHOWN} more" if len(single) > SHOWN else "")
            raise DataError(
                f"{len(single)} of {counted(len(names), 'image')} in {root} without a partner of the same name "
                f"in {other}: {shown}"
            )
    return FileList(b.root, (b.name(of_b[stem]) for stem in of_a))


@DATASETS.register_module()
class AlignedPairs(_Pairs):
    """Images side by side: the left half of each image in the folder ``{split}`` is of domain A, the right half of B.

    Args:
        root: the folder that holds the folder of the split.
        split: its name, such as "train" or "val".
        transform, direction, alpha, clip: as for ``UnpairedFolders``.
        channels, value_range: as for ``UnpairedFolders``, the same for both halves.
        extra: of ``a_mask``, ``a_label``, ``b_mask``, ``b_label``: halves of the files of the same name in the folders
            ``{split}_mask`` and ``{split}_label``, which have the size of the whole image.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``, and those of ``extra``, (1, H, W).

    Raises:
        ValueError: an argument is out of its range.
        DataError: a folder is missing or empty; on access, an image cannot be read or halved.
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
        extra: Sequence[str] = (),
    ) -> None:
        drawn, source = _without_second(extra), expanded(root) / split
        files, attributes = read_source(source)
        readers = domain_readers(channels=channels, value_range=value_range, alpha=alpha, clip=clip)
        letters = LETTERS[one_of("direction", direction, LETTERS)]
        self.domains = {
            domain: _Half(
                files, readers[domain], transform, attributes=attributes, source=source, right=letters[domain] == "B"
            )
            for domain in DOMAINS
        }
        attach(self.domains, drawn)
        self.paths = self._paths(name for name in names_of(drawn) if name != "b")


class _Half(DomainImages):
    """The left or the right halves of images."""

    def __init__(self, *arguments: Any, source: Path, right: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.source, self.right = source, right
        self.part = f"{'right' if right else 'left'} half, "

    def part_of(self, image: Pixels, path: str) -> Pixels:
        width, height = size_of(image)
        if width % 2:
            raise DataError(f"{path} is {width} pixels wide, an odd width, so it cannot be halved")
        half = width // 2
        return crop(image, half if self.right else 0, 0, half, height)
