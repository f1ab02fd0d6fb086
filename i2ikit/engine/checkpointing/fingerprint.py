"""What a data set is made of, in a few numbers, so that a resumed run sees that it has changed."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from i2ikit.data.loading import MapDataset


def fingerprint(datasets: Mapping[str, MapDataset | None]) -> dict[str, int | str]:
    """Return how many items each data set has and, of those with files, their number, names and sizes.

    Args:
        datasets: by name; None: there is none. The attribute ``paths``, if a data set has it, holds the files by
            domain.

    Returns:
        ``train.items``, ``train.a.files`` (how many), ``train.a.names`` (a hash of the names in their order, the folder
        that all lie in left out) and ``train.a.bytes`` (of all files), and so on.
    """
    found: dict[str, int | str] = {}
    for name, dataset in datasets.items():
        if dataset is None:
            continue
        found[f"{name}.items"] = len(dataset)
        paths = getattr(dataset, "paths", None)
        for domain, files in (paths if isinstance(paths, Mapping) else {}).items():
            for key, value in _of_files([files] if isinstance(files, (str, Path)) else files).items():
                found[f"{name}.{domain}.{key}"] = value
    return found


def _of_files(files: Sequence[str | Path]) -> dict[str, int | str]:
    """Walk through the files one by one: there may be a million of them."""
    folders = {place: os.path.abspath(place) for place in {os.path.dirname(path) for path in files}}
    root = os.path.commonpath(folders.values()) if folders else ""
    below = {place: os.path.relpath(folder, root) for place, folder in folders.items()}
    names, size = hashlib.blake2b(digest_size=6), 0
    for path in files:
        place, name = os.path.split(path)
        names.update(f"{below[place]}/{name}\n".encode("utf-8", "surrogateescape"))
        size += _bytes(path)
    return {"files": len(files), "names": names.hexdigest(), "bytes": size}


def _bytes(path: str | Path) -> int:
    """Return the size of a file; 0 for a link that leads nowhere, which reading it will tell."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
