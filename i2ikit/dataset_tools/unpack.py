"""Unpacks zip archives without trusting them."""

import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from i2ikit.errors import DataError
from i2ikit.files import folder_atomically

MOST_BYTES = 64 * 2**30  # that an archive may unpack to
IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db")


def unpack(archive: Path, folder: Path) -> int:
    """Unpack the files of a zip archive into a new folder, which appears when it is complete.

    A single folder at the top of the archive is stripped. Archives with absolute names, names that lead out of the
    folder, links or devices are refused.

    Args:
        archive: a zip file.
        folder: new or empty; it is made.

    Returns:
        the number of unpacked files.

    Raises:
        DataError: the archive is damaged or unsafe, or the folder cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _entries_by_path(archive, opened.infolist())
            with folder_atomically(folder) as temporary:
                for path, entry in entries.items():
                    extracted = temporary / path
                    extracted.parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(entry) as source, open(extracted, "xb") as target:
                        shutil.copyfileobj(source, target, 2**20)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DataError(f"the archive {archive} is damaged: {error}. Delete it and fetch it again.") from error
    except OSError as error:
        raise DataError(f"{archive} cannot be unpacked to {folder}: {error.strerror or error}") from error
    return len(entries)


def _entries_by_path(archive: Path, entries: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Return the files of an archive by their path in the new folder.

    Raises:
        DataError: the archive is unsafe or empty.
    """
    found: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for entry in entries:
        _refuse_unsafe(archive, entry)
        path = PurePosixPath(entry.filename)
        if entry.is_dir() or any(part in IGNORED for part in path.parts):
            continue
        if path in found:
            raise DataError(f"{archive} holds {entry.filename!r} twice")
        found[path] = entry
    if not found:
        raise DataError(f"the archive {archive} holds no files")
    if sum(entry.file_size for entry in found.values()) > MOST_BYTES:
        raise DataError(f"{archive} was not unpacked: its files have more than {MOST_BYTES // 2**30} GiB")
    tops = {path.parts[0] for path in found}
    if len(tops) == 1 and all(len(path.parts) > 1 for path in found):
        return {PurePosixPath(*path.parts[1:]): entry for path, entry in found.items()}
    return found


def _refuse_unsafe(archive: Path, entry: zipfile.ZipInfo) -> None:
    name, mode = entry.filename, entry.external_attr >> 16
    leads_out = ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name or re.match("[A-Za-z]:", name)
    special = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    if leads_out or special:
        what = "a name that leads out of its folder" if leads_out else "a link or a device"
        raise DataError(f"{archive} was not unpacked: it holds {name!r}, {what}. It is not the published archive.")
