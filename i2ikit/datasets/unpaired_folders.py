"""Two folders of pictures that have nothing to do with each other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.datasets.image_files import endings_in_words, image_paths, read_rgb
from i2ikit.errors import DataError, nearest_hint
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.registry import DATASETS

NEXT_STEP = "Give the folder that holds them with `--data DIR`, or make a data set: `i2ikit data make stripes DIR`."
WITHOUT_TEST = "Add some pictures to test on, or look at training pictures instead: `--set data.test.split=train`."


@DATASETS.register_module()
class UnpairedFolders:
    """Pictures of two domains in the folders ``{split}A`` and ``{split}B``, such as trainA and trainB.

    Item i holds picture ``i mod |A|`` of A and a picture of B that is drawn afresh each time from torch's global
    random stream, or ``i mod |B|`` if ``serial``. The length is that of the larger domain. Folders below are read too;
    the order is natural (2.png before 10.png).

    Only the split "train" must have a B: any other may leave its folder out, since translating needs none; the items
    then have no ``"b"`` and no ``"b_path"``.

    Args:
        root: the folder that holds the folders of the domains.
        split: "train", "test", or any other word that the folders' names begin with.
        transform: from a picture to a float32 tensor in -1..1; None keeps its size. It may have ``set_epoch(epoch)``.
        serial: walk through B in order, draw nothing.
        direction: ``AtoB``, or ``BtoA`` to make the folder B domain ``a`` and the folder A domain ``b``, as for
            Cityscapes and facades, whose labels are in B.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``.

    Raises:
        ValueError: there is no such direction.
        DataError: a folder is missing or has no pictures; on access, a picture cannot be read.
    Source:
        Zhu et al. 2017, arXiv:1703.10593: both domains are drawn independently, an epoch has the larger one's length.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        *,
        transform: Callable[[Image.Image], Tensor] | None = None,
        serial: bool = False,
        direction: str = "AtoB",
    ) -> None:
        self.root = Path(root).expanduser()
        self.split, self.transform, self.serial = split, transform, serial
        first, second = one_of("direction", direction, ("AtoB", "BtoA")).split("to")
        folders = {domain: self.root / f"{split}{letter}" for domain, letter in (("a", first), ("b", second))}
        if split != "train" and not folders["b"].is_dir():
            del folders["b"]
        missing = [folder for folder in folders.values() if not folder.is_dir()]
        if missing:
            raise DataError(missing_message(self.root, split, missing))
        self.paths = {domain: _pictures_in(folder) for domain, folder in folders.items()}

    def __len__(self) -> int:
        """Return the number of pictures of the larger domain."""
        return max(len(paths) for paths in self.paths.values())

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one item; negative indices and those past the end raise IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"item {index} of {len(self)}")
        places = {domain: index % len(paths) for domain, paths in self.paths.items()}
        if "b" in self.paths and not self.serial:
            places["b"] = int(torch.randint(len(self.paths["b"]), (1,)))
        item: dict[str, Any] = {}
        for domain, place in places.items():
            path = self.paths[domain][place]
            item[domain] = (self.transform or image_to_tensor)(read_rgb(path))
            item[f"{domain}_path"] = str(path)
        return item

    def set_epoch(self, epoch: int) -> None:
        """Hand the epoch, counted from 1, to the transform."""
        set_epoch = getattr(self.transform, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)


def missing_message(root: Path, split: str, missing: list[Path]) -> str:
    """Say which folders were looked for, what lies there instead, and what to do next."""
    looked_for = " and ".join(str(folder) for folder in missing)
    if not root.exists():
        there = f"{root} does not exist.{nearest_hint(root.name, _folders_in(root.parent))}"
    elif not root.is_dir():
        there = f"{root} is a file."
    else:
        there = f"{root} holds {_in_words(root)}.{_nearest_folders(root, missing)}"
    only_training = split != "train" and (root / "trainA").is_dir()
    next_step = WITHOUT_TEST if only_training else NEXT_STEP
    return f"no pictures: looked for {looked_for}, but {there}{_place_nearby(root, missing)}\n  {next_step}"


def _nearest_folders(root: Path, missing: list[Path]) -> str:
    hints = dict.fromkeys(nearest_hint(folder.name, _folders_in(root)) for folder in missing)
    return "".join(hints)


def _place_nearby(root: Path, missing: list[Path]) -> str:
    """Point to a folder one level up or down that has what is missing."""
    candidates = [root.parent, *(root / name for name in _folders_in(root))]
    for candidate in candidates:
        if all((candidate / folder.name).is_dir() for folder in missing):
            return f" They are in {candidate}."
    return ""


def _folders_in(place: Path) -> list[str]:
    if not place.is_dir():
        return []
    return sorted(entry.name for entry in place.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _in_words(place: Path, most: int = 8) -> str:
    names = sorted(entry.name + "/" * entry.is_dir() for entry in place.iterdir() if not entry.name.startswith("."))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}" if names else "nothing"


def _pictures_in(folder: Path) -> list[Path]:
    paths = image_paths(folder)
    if not paths:
        raise DataError(
            f"no pictures in {folder}: it holds {_in_words(folder)}. Endings that count: {endings_in_words()}."
        )
    return paths
