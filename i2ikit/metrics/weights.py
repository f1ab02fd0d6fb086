"""Files of weights: found at a given path, in torch's cache, or downloaded; and read without running code."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.download import download
from i2ikit.errors import CheckpointError, DataError, MetricError
from i2ikit.files import expanded, file_hash
from i2ikit.tensor_files import read_tensors


@dataclass(frozen=True)
class WeightsFile:
    """A published file of weights.

    Attributes:
        what: what the file contains, for messages.
        names: file names under which it is published; downloads get the first one.
        url: its source.
        sha256: of the file, or its first digits.
    """

    what: str
    names: tuple[str, ...]
    url: str
    sha256: str


def find_weights(wanted: WeightsFile, path: str | Path | None = None) -> Path:
    """Return the path of a file of weights after checking its hash.

    Args:
        wanted: the file.
        path: its path; None: torch's cache, into which it is downloaded if it is missing.

    Raises:
        MetricError: the file is missing, cannot be downloaded, or has another hash; the message says where to get it
            and where to put it.
    """
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    if path is not None:
        found = expanded(path)
        if not found.is_file():
            raise MetricError(f"there is no file {found}. {_wanted(wanted)}")
    else:
        found = next((cache / name for name in wanted.names if (cache / name).is_file()), cache / wanted.names[0])
        if not found.is_file():
            _download(wanted, found)
    digest = file_hash(found)
    if not digest.startswith(wanted.sha256):
        raise MetricError(f"{found} is not {wanted.what}: its SHA-256 begins with {digest[:8]}. {_wanted(wanted)}")
    return found


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a state dict without running code from the file.

    Raises:
        MetricError: the file is missing, damaged, or no state dict.
    """
    try:
        state = read_tensors(path, before_zip=True)
    except CheckpointError as error:
        raise MetricError(f"the weights cannot be read: {error}") from error
    if not isinstance(state, dict):
        raise MetricError(f"{path} is no state dict but a {type(state).__name__}")
    return state


def _wanted(wanted: WeightsFile) -> str:
    digits = wanted.sha256 if len(wanted.sha256) == 64 else f"{wanted.sha256}..."
    return f"Needed is {wanted.names[0]} (SHA-256 {digits}) from {wanted.url}"


def _download(wanted: WeightsFile, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        download([wanted.url], target, sha256=wanted.sha256)
    except (DataError, OSError) as error:
        raise MetricError(
            f"cannot find or download {wanted.what}: {error}\n{_wanted(wanted)}; put it into {target.parent}, or name "
            "it with weights=FILE"
        ) from error
