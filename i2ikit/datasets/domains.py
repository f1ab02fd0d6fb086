"""The images of the two domains of a data set: files that are read and transformed one at a time."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.datasets.sources import Attributes, folder_advice, folders_in, format_content, read_source
from i2ikit.errors import DataError, nearest_hint
from i2ikit.files import expanded
from i2ikit.images import FileList, Reader, domain_readers
from i2ikit.images.files import read_header
from i2ikit.ops.pixels import Pixels, image_to_tensor
from i2ikit.ops.streams import restored_streams

NEXT_STEP = "Give the folder that holds them with `--data DIR`, or make a data set: `i2ikit data make stripes DIR`."
WITHOUT_TEST = "Add some images to test on, or use training images instead: `--set data.test.split=train`."
LETTERS = {"AtoB": {"a": "A", "b": "B"}, "BtoA": {"a": "B", "b": "A"}}

Channels = int | Mapping[str, int]
ValueRange = list[float] | Mapping[str, list[float] | None] | None
Remember = Callable[[str, str, Callable[[], Pixels]], Pixels]


class DomainImages:
    """The images of one domain as tensors.

    Args:
        files: paths.
        reader: from a path to pixels.
        transform: from pixels to a float32 tensor in -1..1; None keeps the size. If it has the methods ``fixed`` and
            ``finish``, a cache can keep the result of the first.
        attributes: what is known about the files, by name, one value for each file.
        draft: decode JPEGs no larger than the transform needs (``enough``): faster, with slightly different pixels.

    Attributes:
        remember: a cache, or None: ``remember(path, key, make)`` returns ``make()``, or an earlier result of it for the
            same file and key.
        companions: what goes with each image, such as its mask, by kind.
        source: the folder or the list of the files; None: unknown.
        part: which part of each file is an image, for the key of a cache; empty: all of it.
    """

    part: str = ""

    def __init__(
        self,
        files: FileList,
        reader: Reader,
        transform: Callable[[Pixels], Tensor] | None = None,
        *,
        attributes: Attributes | None = None,
        draft: bool = False,
    ) -> None:
        self.files, self.reader, self.transform = files, reader, transform
        self.attributes, self.draft = attributes or {}, draft
        self.remember: Remember | None = None
        self.companions: dict[str, DomainImages] = {}
        self.source: Path | None = None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        """Return an image, transformed with new random numbers.

        Raises:
            DataError: it cannot be read or transformed; the message names the file.
        """
        path = self.files[index]
        return self.finish(self.fixed(path), path)

    def item(self, name: str, index: int, kinds: Iterable[str] = ()) -> dict[str, Any]:
        """Return the keys of a sample for one image: its tensor, path, and attributes if there are any.

        Args:
            name: of the image in the sample.
            index: of the image.
            kinds: of companions that come with it, transformed with the same random numbers: ``{name}_{kind}``.
        """
        companions = {}
        for kind in kinds:
            with restored_streams():  # for the image
                companions[f"{name}_{kind}"] = self.companions[kind][index]
        found: dict[str, Any] = {name: self[index], f"{name}_path": self.files[index], **companions}
        if self.attributes:
            found[f"{name}_attributes"] = {key: values[index] for key, values in self.attributes.items()}
        return found

    def fixed(self, path: str) -> Pixels:
        """Return a file after the deterministic part of the transform, from the cache if there is one."""
        if self.remember is None:
            return self._fixed(path)
        return self.remember(path, self.key(), partial(self._fixed, path))

    def finish(self, image: Pixels, path: str) -> Tensor:
        """Return the result of :meth:`fixed` for a file as a tensor, after the random part."""
        if self.transform is None:
            return image_to_tensor(image)
        return self._applied(getattr(self.transform, "finish", self.transform), image, path)

    def read(self, path: str) -> Pixels:
        """Return the pixels of a file before any transform."""
        enough = getattr(self.transform, "enough", None) if self.draft else None
        return self.part_of(self.reader(path, draft=enough() if enough else None), path)

    def part_of(self, image: Pixels, path: str) -> Pixels:
        """Return the part of a file that is an image of the domain: all of it."""
        return image

    def whole_size(self, path: str) -> tuple[int, int] | None:
        """Return width and height of a file if its tensor shows all of it, perhaps at another aspect; else None."""
        if self.transform is None or getattr(self.transform, "keeps_all", False):
            header = read_header(path)
            return header.width, header.height
        return None

    def key(self) -> str:
        """Return text that names everything but the file that :meth:`fixed` depends on now."""
        fixed_key = getattr(self.transform, "fixed_key", None)
        return f"{self.part}{self.reader.key()}, draft {self.draft}, {fixed_key() if fixed_key else ''}"

    def unreadable(self) -> dict[int, str]:
        """Read all files once, several at a time; return why a file cannot be read, by index."""
        with ThreadPoolExecutor() as pool:
            reasons = list(pool.map(self._reason, self.files))
        own = {index: reason for index, reason in enumerate(reasons) if reason}
        return {i: reason for images in self.companions.values() for i, reason in images.unreadable().items()} | own

    def leave_out(self, indices: Collection[int]) -> None:
        """Leave out the files at these indices."""
        kept = [index for index in range(len(self)) if index not in indices]
        for images in self.companions.values():
            images.leave_out(indices)
        self.files = self.files.without(indices)
        self.attributes = {name: [values[index] for index in kept] for name, values in self.attributes.items()}

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, counted from 1, of the transform."""
        set_epoch = getattr(self.transform, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)

    def _reason(self, path: str) -> str:
        try:
            self._fixed(path)
        except DataError as error:
            return str(error)
        return ""

    def _fixed(self, path: str) -> Pixels:
        image = self.read(path)
        fixed = getattr(self.transform, "fixed", None)
        return self._applied(fixed, image, path) if fixed else image

    def _applied(self, step: Callable[[Pixels], Any], image: Pixels, path: str) -> Any:
        try:
            return step(image)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


def open_domains(
    root: str | Path,
    split: str,
    own: Mapping[str, str | Path | None],
    direction: str,
    *,
    transform: Callable[[Pixels], Tensor] | None,
    reading: Mapping[str, Any],
    draft: bool = False,
) -> dict[str, DomainImages]:
    """Return the images of domains a and b; only training needs a b.

    Args:
        root: the folder that holds the folders of the domains.
        split: what the names of these folders begin with.
        own: by domain, another folder or a list, relative to ``root``; None: the folder of the split.
        direction: ``AtoB``, or ``BtoA`` for the folder B as domain a.
        transform, draft: of the images.
        reading: arguments of :func:`domain_readers`.

    Raises:
        ValueError: there is no such direction, or ``reading`` is out of range.
        DataError: a domain is missing or empty, or one is inside the other.
    """
    letters = LETTERS[one_of("direction", direction, LETTERS)]
    readers = domain_readers(**reading)
    root = expanded(root)
    paths = {d: root / expanded(f"{split}{letters[d]}" if own[d] is None else str(own[d])) for d in ("a", "b")}
    if split != "train" and own["b"] is None and not _has_content(paths["b"]):
        del paths["b"]
    missing = [path for d, path in paths.items() if not (path.is_dir() if own[d] is None else path.exists())]
    if missing:
        raise DataError(missing_message(root, split, missing))
    _refuse_nested(paths)
    sources = {domain: read_source(path) for domain, path in paths.items()}
    found = {
        domain: DomainImages(files, readers[domain], transform, attributes=attributes, draft=draft)
        for domain, (files, attributes) in sources.items()
    }
    for domain, images in found.items():
        images.source = paths[domain]
    return found


def _has_content(folder: Path) -> bool:
    """Return whether a path is a folder with anything but hidden files, such as those that file managers leave."""
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def missing_message(root: Path, split: str, missing: list[Path]) -> str:
    """Return which folders were expected, what is there instead, and what to do next."""
    expected = " and ".join(str(folder) for folder in missing)
    if not root.exists():
        there = f"{root} does not exist.{nearest_hint(root.name, folders_in(root.parent))}"
    elif not root.is_dir():
        there = f"{root} is a file."
    else:
        hints = dict.fromkeys(nearest_hint(folder.name, folders_in(root)) for folder in missing)
        there = f"{root} contains {format_content(root)}.{''.join(hints)}"
    only_training = split != "train" and (root / "trainA").is_dir()
    next_step = WITHOUT_TEST if only_training else folder_advice(root).strip() or NEXT_STEP
    return f"no images: expected {expected}, but {there}{_nearby(root, missing)}\n  {next_step}"


def _refuse_nested(paths: Mapping[str, Path]) -> None:
    """Raise DataError if the images of one domain would be images of the other too."""
    if len(paths) < 2:
        return
    a, b = (os.path.realpath(paths[domain]) for domain in ("a", "b"))
    if a == b:
        raise DataError(f"both domains are {paths['a']}: there is nothing to translate")
    for inner, outer in ((a, b), (b, a)):
        if inner.startswith(os.path.join(outer, "")):
            raise DataError(
                f"the images of one domain are inside those of the other: {inner} in {outer}. Folders are read with "
                "all their subfolders; put the two side by side."
            )


def _nearby(root: Path, missing: list[Path]) -> str:
    """Return a hint at a folder one level up or down that has the missing ones."""
    candidates = [root.parent, *(root / name for name in folders_in(root))]
    for candidate in candidates:
        if all((candidate / folder.name).is_dir() for folder in missing):
            return f" They are in {candidate}."
    return ""
