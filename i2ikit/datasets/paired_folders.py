"""Pairs of images of the same scenes, for metrics and for methods that learn from pairs."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from i2ikit.datasets.domain_images import Images
from i2ikit.datasets.domains import Channels, ValueRange, open_domains
from i2ikit.datasets.pairs import Pairs
from i2ikit.errors import DataError
from i2ikit.images import FileList
from i2ikit.ops.pixels import Pixels
from i2ikit.registry import DATASETS

SHOWN = 5  # names in a message


@DATASETS.register_module()
class PairedFolders(Pairs):
    """Images that have the same name in the folders ``{split}A`` and ``{split}B``, whatever their extensions.

    The transform draws the same for both images of a pair, so that they stay one scene.

    Args:
        root: the folder that holds the folders of the domains.
        split: "test", "train", or any other word that the folders' names begin with.
        a, b: another folder of a domain, relative to ``root``; two lists are paired line by line.
        transform, direction, channels, value_range, alpha, clip, draft: as for ``UnpairedFolders``.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``.

    Raises:
        ValueError: an argument is out of its range.
        DataError: a folder is missing or empty, or a name has no partner or several; on access, an image cannot be
            read, or the two of a pair differ in size where the transform draws.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "test",
        *,
        a: str | Path | None = None,
        b: str | Path | None = None,
        transform: Callable[[Pixels], Tensor] | None = None,
        direction: str = "AtoB",
        channels: Channels = 3,
        value_range: ValueRange = None,
        alpha: str = "white",
        clip: bool = False,
        draft: bool = False,
    ) -> None:
        reading = {"channels": channels, "value_range": value_range, "alpha": alpha, "clip": clip}
        own = {"a": a, "b": b if b is not None or split == "train" else f"{split}{'BA'[direction == 'BtoA']}"}
        self.domains = open_domains(root, split, own, direction, transform=transform, reading=reading, draft=draft)
        listed = any(place is not None and (Path(root) / place).is_file() for place in (a, b))
        self._pair(self.domains, in_order=listed)
        self.paths = {domain: images.files for domain, images in self.domains.items()}

    def _pair(self, domains: Mapping[str, Images], *, in_order: bool) -> None:
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
    """Return the places of files by their names without extension."""
    places: dict[str, int] = {}
    for place in range(len(files)):
        stem = os.path.splitext(files.name(place))[0]
        other = places.setdefault(stem, place)
        if other != place:
            raise DataError(
                f"{files[other]} and {files[place]} have one name: which of them is the partner is not known"
            )
    return places


def _refuse_singles(
    names: Sequence[str] | Mapping[str, int], root: str, partners: Mapping[str, int], other: str
) -> None:
    single = [name for name in names if name not in partners]
    if single:
        shown = ", ".join(single[:SHOWN]) + (f" and {len(single) - SHOWN} more" if len(single) > SHOWN else "")
        raise DataError(
            f"{len(single)} of {len(names)} images in {root} have no partner of their name in {other}: {shown}"
        )
