"""Downloads that go on where they broke off, from one of several places, and are what they should be."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from i2ikit.errors import DataError

BLOCK = 2**18  # bytes
TRIES = 3  # for each place; each goes on where the one before broke off
PATIENCE = 30.0  # seconds without an answer
Tell = Callable[[int, int], None]


def download(addresses: Sequence[str], target: Path, *, size: int, sha256: str, tell: Tell | None = None) -> None:
    """Fetch a file from the first place that has it.

    What has come so far lies in ``TARGET.part``, where a later call goes on. ``target`` appears when it is whole.

    Args:
        addresses: of the file, http or https.
        target: the file to write; its folder is there.
        size: of the file, bytes.
        sha256: of the file, in hexadecimal.
        tell: called with bytes done and bytes in all.

    Raises:
        DataError: no place gives the file; the message has what each of them answered.
    """
    part = target.with_name(target.name + ".part")
    answers = []
    for address in addresses:
        answer = ""
        for _ in range(TRIES):
            before = _done(part)
            answer = _fetch(address, part, size, tell)
            if not answer or _done(part) == before:  # it is whole, or comes no further
                break
        if not answer:
            found = _hash(part)
            if found == sha256:
                os.replace(part, target)
                return
            answer = f"what it gives is another file: its sha256 is {found[:16]}..., not {sha256[:16]}..."
            part.unlink()
        answers.append(f"{address}: {answer}")
    raise DataError("no place gives the file:" + "".join(f"\n  - {answer}" for answer in answers))


def _fetch(address: str, part: Path, size: int, tell: Tell | None) -> str:
    """Go on with a download; return what went wrong, or an empty string once the file has its size."""
    if not address.startswith(("http://", "https://")):
        return "only http and https are fetched"
    done = _done(part)
    if done > size:
        part.unlink()
        done = 0
    if done == size:
        return ""
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            resumed = answer.status == http.client.PARTIAL_CONTENT
            with open(part, "ab" if resumed else "wb") as file:
                done = file.tell() if resumed else 0
                while done < size and (block := answer.read(min(BLOCK, size - done))):
                    file.write(block)
                    done += len(block)
                    if tell is not None:
                        tell(done, size)
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except (http.client.HTTPException, OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return "" if done == size else f"the connection ended after {done:,} of {size:,} bytes"


def _done(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
