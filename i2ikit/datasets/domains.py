"""Opening the two domains of a data set, and saying what is missing."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.checks import one_of
from i2ikit.datasets.domain_images import Images
from i2ikit.datasets.sources import folders_in, in_words, read_source
from i2ikit.errors import DataError, nearest_hint
from i2ikit.images import domain_readers
from i2ikit.ops.pixels import Pixels

NEXT_STEP = "Give the folder that holds them with `--data DIR`, or make a data set: `i2ikit data make stripes DIR`."
WITHOUT_TEST = "Add some images to test on, or look at training images instead: `--set data.test.split=train`."
LETTERS = {"AtoB": {"a": "A", "b": "B"}, "BtoA": {"a": "B", "b": "A"}}

Channels = int | Mapping[str, int]
ValueRange = list[float] | Mapping[str, list[float] | None] | None
Domains = dict[str, Images]


def open_domains(
    root: str | Path,
    split: str,
    own: Mapping[str, str | Path | None],
    direction: str,
    *,
    transform: Callable[[Pixels], Tensor] | None,
    reading: Mapping[str, Any],
    draft: bool = False,
) -> Domains:
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
        DataError: a domain is missing or empty, or one lies inside the other.
    """
    letters = LETTERS[one_of("direction", direction, LETTERS)]
    readers = domain_readers(**reading)
    root = Path(root).expanduser()
    places = {d: root / f"{split}{letters[d]}" if own[d] is None else _own(root, own[d]) for d in ("a", "b")}
    if split != "train" and own["b"] is None and not places["b"].is_dir():
        del places["b"]
    missing = [place for d, place in places.items() if not (place.is_dir() if own[d] is None else place.exists())]
    if missing:
        raise DataError(missing_message(root, split, missing))
    _refuse_nested(places)
    sources = {domain: read_source(place) for domain, place in places.items()}
    return {
        domain: Images(source.files, readers[domain], transform, attributes=source.attributes, draft=draft)
        for domain, source in sources.items()
    }


def missing_message(root: Path, split: str, missing: list[Path]) -> str:
    """Say which folders were looked for, what lies there instead, and what to do next."""
    looked_for = " and ".join(str(folder) for folder in missing)
    if not root.exists():
        there = f"{root} does not exist.{nearest_hint(root.name, folders_in(root.parent))}"
    elif not root.is_dir():
        there = f"{root} is a file."
    else:
        there = f"{root} holds {in_words(root)}.{_nearest_folders(root, missing)}"
    only_training = split != "train" and (root / "trainA").is_dir()
    next_step = WITHOUT_TEST if only_training else NEXT_STEP
    return f"no images: looked for {looked_for}, but {there}{_place_nearby(root, missing)}\n  {next_step}"


def _own(root: Path, place: str | Path | None) -> Path:
    return root / Path(str(place)).expanduser()


def _refuse_nested(places: Mapping[str, Path]) -> None:
    """Raise DataError if the images of one domain would be images of the other too."""
    if len(places) < 2:
        return
    a, b = (os.path.realpath(places[domain]) for domain in ("a", "b"))
    if a == b:
        raise DataError(f"both domains are {places['a']}: there is nothing to translate")
    for inner, outer in ((a, b), (b, a)):
        if inner.startswith(os.path.join(outer, "")):
            raise DataError(
                f"the images of one domain lie inside those of the other: {inner} in {outer}. Folders are read with "
                "all that is below them; put the two side by side."
            )


def _nearest_folders(root: Path, missing: list[Path]) -> str:
    hints = dict.fromkeys(nearest_hint(folder.name, folders_in(root)) for folder in missing)
    return "".join(hints)


def _place_nearby(root: Path, missing: list[Path]) -> str:
    """Point to a folder one level up or down that has what is missing."""
    candidates = [root.parent, *(root / name for name in folders_in(root))]
    for candidate in candidates:
        if all((candidate / folder.name).is_dir() for folder in missing):
            return f" They are in {candidate}."
    return ""
