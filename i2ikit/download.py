"""Downloads that resume, try several addresses, and verify what they fetched."""

import http.client
import os
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from i2ikit.errors import DataError
from i2ikit.files import alone, file_hash

BLOCK = 2**18  # bytes
TRIES = 3  # for each address; each resumes the one before
TIMEOUT = 30.0  # seconds without data
Progress = Callable[[int, int], None]


def download(addresses: Sequence[str], target: Path, *, sha256: str, progress: Progress | None = None) -> None:
    """Download a file from the first address that has it.

    An incomplete download is kept in ``TARGET.part`` and resumed by a later call. ``target`` appears when it is
    complete and verified. Processes that want the same file download it once.

    Args:
        addresses: URLs of the file, http or https, in the order in which they are tried.
        target: the file to write; its folder exists.
        sha256: hexadecimal SHA-256 of the file, or its first digits.
        progress: called with the bytes fetched so far and in total, 0 if the server does not send the total.

    Raises:
        DataError: no address has the file; the message gives the reason for each.
    """
    with alone(target.with_name(f".{target.name}.lock")):
        if not (target.is_file() and file_hash(target).startswith(sha256)):  # another process may just have fetched it
            _download(addresses, target, sha256, progress)


def _download(addresses: Sequence[str], target: Path, sha256: str, progress: Progress | None) -> None:
    part = target.with_name(target.name + ".part")
    reasons = []
    for address in addresses:
        reason = _fetch_with_retries(address, part, progress)
        if not reason:
            found = file_hash(part)
            if found.startswith(sha256):
                part.replace(target)
                return
            reason = f"it has another file: the SHA-256 is {found[:16]}..., not {sha256[:16]}..."
            part.unlink()
        reasons.append(f"{address}: {reason}")
    raise DataError("the download failed:" + "".join(f"\n  - {reason}" for reason in reasons))


def _fetch_with_retries(address: str, part: Path, progress: Progress | None) -> str:
    """Return why the file is incomplete, or an empty string."""
    if not address.startswith(("http://", "https://")):
        return "only http and https are supported"
    reason = ""
    for _ in range(TRIES):
        before = _size(part)
        try:
            reason = _fetch(address, part, progress)
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                return ""  # nothing is left to fetch; the hash decides
            reason = f"{error.code} {error.reason}"
        except urllib.error.URLError as error:
            reason = str(error.reason)
        except (http.client.HTTPException, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
        if not reason or _size(part) == before:  # complete, or no progress
            break
    return reason


def _fetch(address: str, part: Path, progress: Progress | None) -> str:
    done = _size(part)
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        done = done if resumed else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else 0
        with open(part, "ab" if resumed else "wb", opener=_open_no_link) as file:
            while block := response.read(BLOCK):
                file.write(block)
                done += len(block)
                if progress is not None:
                    progress(done, total)
    return "" if done >= total else f"the connection ended after {done:,} of {total:,} bytes"


def _size(part: Path) -> int:
    """Return the bytes of an incomplete download; what is there but no file of its own, such as a link, is removed."""
    try:
        found = part.lstat()
    except FileNotFoundError:
        return 0
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return found.st_size
    part.unlink()
    return 0


def _open_no_link(path: str, flags: int) -> int:
    """Open a file, but none that a link names: in a folder of several users, anyone can put one there."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
