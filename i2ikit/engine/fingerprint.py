"""What a data set is made of, in a few numbers, so that a resumed run sees that it has changed."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from i2ikit.engine.loading import MapDataset


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


def _of_files(files: Iterable[str | Path]) -> dict[str, int | str]:
    paths = [os.path.abspath(path) for path in files]
    folder = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else ""
    names = "\n".join(os.path.relpath(path, folder) for path in paths)
    return {
        "files": len(paths),
        "names": hashlib.blake2b(names.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest(),
        "bytes": sum(_bytes(path) for path in paths),
    }


def _bytes(path: str) -> int:
    """Return the size of a file; 0 for a link that leads nowhere, which reading it will tell."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
