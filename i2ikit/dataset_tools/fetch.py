"""Fetching a published data set, from the network or from an archive that was fetched by hand."""

from collections.abc import Sequence
from pathlib import Path

from i2ikit.dataset_tools.published import PUBLISHED, published_hashes
from i2ikit.dataset_tools.sources import PublishedSet, find_set
from i2ikit.dataset_tools.survey import hash_of
from i2ikit.dataset_tools.unpack import unpack
from i2ikit.download import Progress, download
from i2ikit.errors import DataError


def fetch(
    name: str,
    folder: str | Path,
    *,
    archive: Path | None = None,
    mirrors: Sequence[str] = (),
    tell: Progress | None = None,
) -> int:
    """Put a published data set into a folder.

    The archive lies next to the folder while it comes in; a download that broke off goes on with the next call.

    Args:
        name: of the set.
        folder: new or empty.
        archive: a zip file that was fetched by hand; nothing is downloaded then, and it stays where it is.
        mirrors: more addresses of the archive, which are tried first.
        tell: called with bytes done and bytes in all.

    Returns:
        how many files the folder holds.

    Raises:
        DataError: there is no such set, the folder is not empty, the archive cannot be had or is not the published one.
    """
    wanted, folder = find_set(name), Path(folder).expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is not an empty folder. Look at what it holds: `i2ikit data check {folder}`.")
    if archive is not None:
        _refuse_another(wanted, archive)
        return _unpacked(wanted, archive, folder)
    target = folder.with_name(f"{name}.zip")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            addresses = [*mirrors, *wanted.addresses()]
            download(addresses, target, size=wanted.bytes, sha256=wanted.sha256, progress=tell)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror or error}") from error
    except DataError as error:
        raise DataError(f"{name} cannot be fetched; {error}\n{by_hand(wanted, folder)}") from error
    _refuse_another(wanted, target)
    count = _unpacked(wanted, target, folder)
    target.unlink()
    return count


def by_hand(wanted: PublishedSet, folder: Path) -> str:
    """Say how to get a set onto a machine without a network."""
    return (
        f"By hand: on a machine with a network, download {wanted.addresses()[0]} ({wanted.bytes:,} bytes, sha256 "
        f"{wanted.sha256}), bring the file here, and run\n  i2ikit data fetch {wanted.name} {folder} "
        f"--from {wanted.name}.zip"
    )


def _refuse_another(wanted: PublishedSet, archive: Path) -> None:
    if not archive.is_file():
        raise DataError(f"there is no archive {archive}")
    found = archive.stat().st_size
    if found != wanted.bytes:
        raise DataError(
            f"{archive} is not the published {wanted.name}: it has {found:,} bytes, not {wanted.bytes:,}. "
            "Delete it and fetch it again."
        )
    if hash_of(archive, 64) != wanted.sha256:
        raise DataError(f"{archive} is not the published {wanted.name}: its sha256 differs. Delete and fetch it again.")


def _unpacked(wanted: PublishedSet, archive: Path, folder: Path) -> int:
    count = unpack(archive, folder)
    if wanted.name in PUBLISHED:
        for (place, file), digits in published_hashes(wanted.name).items():
            path = folder / place / file
            if not path.is_file() or hash_of(path) != digits:
                raise DataError(f"{path} is not as published. Delete {folder} and fetch it again.")
    return count
