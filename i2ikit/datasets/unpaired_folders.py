"""Two unpaired folders of images."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import one_of, positive_int
from i2ikit.datasets.domains import Channels, ValueRange, open_domains
from i2ikit.datasets.extra import attach, draws, names_of, unread_advice
from i2ikit.errors import counted
from i2ikit.images import FileList
from i2ikit.ops.pixels import Pixels
from i2ikit.registry import DATASETS

PAIRINGS = {
    "random": "b is sampled with replacement",
    "shuffled": "b is sampled without replacement",
    "serial": "b is taken in order",
}
LENGTHS: Mapping[str, Callable[..., int]] = {"longest": max, "shortest": min}


@DATASETS.register_module()
class UnpairedFolders:
    """Images of two domains, from the folders ``{split}A`` and ``{split}B`` or from other sources.

    Item i has image ``i mod |A|`` of A and an image of B that is sampled each time from torch's global random stream,
    unless ``pairing`` is set. Subfolders are read too; the order is natural (2.png before 10.png). Where an epoch has
    fewer items than A has images, the next epoch continues with those that follow.

    Only the split "train" must have a B. Without it the items have no ``"b"`` and no ``"b_path"``.

    With ``extra`` items have further images, which expressions name like ``a`` and ``b``. Masks and labels are files of
    the same name, whatever the extension, in the folders ``{split}A_mask`` or ``{split}A_label`` beside the images, or
    in a column ``mask`` or ``label`` of a list. They are cropped, mirrored and resized with their image, by the nearest
    pixel. A mask becomes 0..1 (black to white), a label keeps its integer codes. ``a2`` is another image of A, with
    random numbers of its own.

    Args:
        root: the folder that holds the folders of the domains.
        split: "train", "test", or another prefix of the folders' names.
        a, b: another folder of a domain's images, or a list of them: .txt, .csv or .jsonl, see :func:`read_source`.
            Relative to ``root``.
        transform: from an image to a float32 tensor in -1..1; None keeps its size. It may have ``set_epoch(epoch)``.
        direction: ``AtoB``, or ``BtoA`` to make the folder B domain ``a`` and the folder A domain ``b``, as for
            Cityscapes and facades, whose labels are in B.
        pairing: ``"random"``: B is sampled with replacement, as published; ``"shuffled"``: without, so an epoch has the
            images of B equally often; ``"serial"``: in order.
        length: items of an epoch: ``"longest"`` or ``"shortest"`` of the two domains, or a number >= 1.
        channels: C of the images, 1 to 64; dict(a=..., b=...) if they differ.
        value_range: ``[low, high]`` of the values in the files that become -1..1, see :class:`Reader`; dict(a=...,
            b=...) if they differ.
        alpha: what transparency becomes: ``"white"``, ``"black"``, ``"ignore"`` or ``"keep"``, see :class:`Reader`.
        clip: clip values outside of ``value_range``; otherwise they are an error.
        extra: of ``a_mask``, ``a_label``, ``a2``, ``a2_mask``, ``a2_label``, and the same of b.
        draft: decode JPEGs at a half, a quarter or an eighth of their size where the transform shrinks them at least
            as much; faster, and the pixels differ a little from the published ones.
    Shape:
        item: ``{"a": (C, H, W), "b": (C, H, W), "a_path": str, "b_path": str}``, and ``"a_attributes"`` or
            ``"b_attributes"``, a dict, where a list has some. Of ``extra`` masks are float32 (1, H, W), labels int64
            (1, H, W), and a second image has its own path, ``"a2_path"``.

    Raises:
        ValueError: an argument is out of its range.
        DataError: a folder or list is missing or has no images, or one domain's folder is in the other's; on access,
            an image cannot be read.
    Source:
        Zhu et al. 2017, arXiv:1703.10593: both domains are sampled independently, an epoch has the larger one's length.
    Example:
        >>> import tempfile
        >>> from i2ikit.datasets.stripes.stripes import write_stripes
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     UnpairedFolders(write_stripes(folder, size=16, train_count=2, test_count=1))[0]["a"].shape
        torch.Size([3, 16, 16])
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        *,
        a: str | Path | None = None,
        b: str | Path | None = None,
        transform: Callable[[Pixels], Tensor] | None = None,
        direction: str = "AtoB",
        pairing: str = "random",
        length: str | int = "longest",
        channels: Channels = 3,
        value_range: ValueRange = None,
        alpha: str = "white",
        clip: bool = False,
        draft: bool = False,
        extra: Sequence[str] = (),
    ) -> None:
        self.draws = draws(extra)
        self.pairing = one_of("pairing", pairing, PAIRINGS)
        self.length = one_of("length", length, LENGTHS) if isinstance(length, str) else positive_int("length", length)
        self.domains = open_domains(
            root,
            split,
            {"a": a, "b": b},
            direction,
            transform=transform,
            reading={"channels": channels, "value_range": value_range, "alpha": alpha, "clip": clip},
            draft=draft,
        )
        attach(self.domains, self.draws)
        self.draws = {draw: kinds for draw, kinds in self.draws.items() if draw[0] in self.domains}
        self.paths = self._paths()
        self._epoch = 1
        self._orders: dict[str, torch.Tensor] = {}

    def __len__(self) -> int:
        """Return the number of items of an epoch."""
        if isinstance(self.length, int):
            return self.length
        return LENGTHS[self.length](map(len, self.domains.values()))

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one item; negative indices and those past the end raise IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"item {index} of {len(self)}")
        item: dict[str, Any] = {}
        indices = {domain: self._index(domain, index) for domain in self.domains}  # before the random transforms
        for draw, kinds in self.draws.items():
            chosen = indices[draw] if draw in indices else self._index(draw, index)
            item |= self.domains[draw[0]].item(draw, chosen, kinds)
        return item

    @staticmethod
    def image_names(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the images of an item, from the arguments in a config."""
        return names_of(draws(arguments.get("extra") or ()))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next items, counted from 1; shuffles B and second images if ``pairing`` says so."""
        self._epoch = epoch
        for images in self.domains.values():
            images.set_epoch(epoch)
        if self.pairing == "shuffled":
            self._orders = {draw: torch.randperm(len(self.domains[draw[0]])) for draw in self.draws if draw != "a"}

    def leave_out_unreadable(self) -> list[str]:
        """Read all files once, and leave out those that cannot be read; return a message about each."""
        messages: list[str] = []
        for images in self.domains.values():
            bad = images.unreadable()
            images.leave_out(bad)
            messages += bad.values()
        self.paths = self._paths()
        return messages

    def describe(self) -> str:
        """Return the number of images, and what an epoch takes of them, as text."""
        counts = " and ".join(f"{counted(len(images), 'image')} of {domain}" for domain, images in self.domains.items())
        why = f" (the {self.length} domain)" if isinstance(self.length, str) and len(self.domains) > 1 else ""
        pairing = f", {PAIRINGS[self.pairing]}" if "b" in self.domains else ""
        extra = [name for name in names_of(self.draws) if name not in self.domains]
        beside = f"; with {', '.join(extra)}" if extra else unread_advice(self.domains)
        return f"{counts}; an epoch takes {len(self):,}{why}{pairing}{beside}"

    def _paths(self) -> dict[str, FileList]:
        found = {domain: images.files for domain, images in self.domains.items()}
        for domain, images in self.domains.items():
            found |= {f"{domain}_{kind}": codes.files for kind, codes in images.companions.items()}
        return found

    def _index(self, draw: str, index: int) -> int:
        """Return which image of its domain a draw of an item is."""
        count = len(self.domains[draw[0]])
        if draw != "a" and self.pairing == "random":
            return int(torch.randint(count, (1,)))
        if draw != "a" and self.pairing == "shuffled":
            if len(self._orders.get(draw, ())) != count:
                self._orders[draw] = torch.randperm(count)
            return int(self._orders[draw][index % count])
        start = (self._epoch - 1) * len(self) if len(self) < count else 0
        return (start + index + (len(draw) > 1)) % count  # a second image in order is the next one
