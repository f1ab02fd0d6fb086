"""The images of one domain: files that are read and transformed one at a time."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from i2ikit.errors import DataError
from i2ikit.images import FileList, Reader
from i2ikit.ops.pixels import Pixels, image_to_tensor

Remember = Callable[[str, str, Callable[[], Pixels]], Pixels]


class Images:
    """DecodedImage files as tensors.

    Args:
        files: paths.
        reader: from a path to pixels.
        transform: from pixels to a float32 tensor in -1..1; None keeps the size. One in two halves, ``fixed`` and
            ``finish``, lets a cache remember the first.
        attributes: what is known about the files, by name, one value for each file.
        draft: decode JPEGs no larger than the transform needs (``enough``), which is faster and differs a little.

    Attributes:
        remember: a cache, or None: ``remember(path, key, make)`` returns ``make()`` of this time or an earlier one.
            The result depends on the file and on nothing else that is not in ``key``.
    """

    def __init__(
        self,
        files: FileList,
        reader: Reader,
        transform: Callable[[Pixels], Tensor] | None = None,
        *,
        attributes: dict[str, list[Any]] | None = None,
        draft: bool = False,
    ) -> None:
        self.files, self.reader, self.transform = files, reader, transform
        self.attributes, self.draft = attributes or {}, draft
        self.remember: Remember | None = None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Tensor:
        """Return the image at a place, 0 .. length - 1, transformed with fresh draws.

        Raises:
            DataError: it cannot be read or transformed; the message names the file.
        """
        path = self.files[place]
        return self.finish(self.fixed(path), path)

    def item(self, domain: str, place: int) -> dict[str, Any]:
        """Return what a sample holds of the image at a place: tensor, path, and attributes where there are some."""
        found: dict[str, Any] = {domain: self[place], f"{domain}_path": self.files[place]}
        if self.attributes:
            found[f"{domain}_attributes"] = {name: values[place] for name, values in self.attributes.items()}
        return found

    def fixed(self, path: str) -> Pixels:
        """Return a file after everything that is the same each time, remembered where there is a cache."""
        if self.remember is None:
            return self._fixed(path)
        return self.remember(path, self.key(), partial(self._fixed, path))

    def finish(self, image: Pixels, path: str) -> Tensor:
        """Return what :meth:`fixed` gave of a file as a tensor, after fresh draws."""
        if self.transform is None:
            return image_to_tensor(image)
        return self._applied(getattr(self.transform, "finish", self.transform), image, path)

    def read(self, path: str) -> Pixels:
        """Return the pixels of a file before any transform."""
        enough = getattr(self.transform, "enough", None) if self.draft else None
        return self.reader(path, draft=enough() if enough else None)

    def key(self) -> str:
        """Return words that name everything, but for the file, that :meth:`fixed` depends on now."""
        fixed_key = getattr(self.transform, "fixed_key", None)
        return f"{self.reader.key()}, draft {self.draft}, {fixed_key() if fixed_key else ''}"

    def set_epoch(self, epoch: int) -> None:
        """Hand the epoch, counted from 1, to the transform."""
        set_epoch = getattr(self.transform, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)

    def _fixed(self, path: str) -> Pixels:
        image = self.read(path)
        fixed = getattr(self.transform, "fixed", None)
        return self._applied(fixed, image, path) if fixed else image

    def _applied(self, step: Callable[[Pixels], Any], image: Pixels, path: str) -> Any:
        try:
            return step(image)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
