"""What the files of published data sets hash to."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

HASH_DIGITS = 32  # of a sha256, in hexadecimal
PUBLISHED = ("apple2orange", "horse2zebra")
Hashes = Mapping[tuple[str, str], str]


@cache
def published_hashes(name: str) -> Hashes:
    """Return the first half of the sha256 of each file of a published set, by folder and name.

    Args:
        name: one of ``PUBLISHED``.
    """
    text = (files("i2ikit.dataset_tools") / "manifests" / f"{name}.tsv").read_text("utf-8")
    found: dict[tuple[str, str], str] = {}
    folder = ""
    for line in text.splitlines():
        if line.endswith("/"):
            folder = line[:-1]
        elif not line.startswith("#"):
            file, digits = line.split("\t")
            found[folder, file] = digits
    return found


def recognize(names: Mapping[str, set[str]]) -> str | None:
    """Return the published set that a folder is meant to be: at least half of its file names are there.

    Args:
        names: of the files, by folder.
    """
    present = {(folder, name) for folder, found in names.items() for name in found}
    for known in PUBLISHED:
        meant = published_hashes(known).keys()
        if 2 * len(meant & present) >= len(meant):
            return known
    return None
