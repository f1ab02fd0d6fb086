"""Models on the Hugging Face hub, or in a folder as they are there: ``model.safetensors`` and ``config.json``."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from i2ikit.engine.checkpointing.weights_file import SUFFIX
from i2ikit.errors import CheckpointError
from i2ikit.extras import require_extra
from i2ikit.files import expanded, file_hash, read_json

WEIGHTS, ABOUT = f"model{SUFFIX}", "config.json"
SCHEME = "hf:"
ADDRESS = re.compile(r"hf:/{1,2}([\w.-]+/[\w.-]+)(?:@([^#]+))?(?:#([0-9a-f]{8,64}))?")  # Path makes one slash of two
COMMIT = re.compile(r"[0-9a-f]{40}")

logger = logging.getLogger(__name__)


def locate(path: str | Path) -> Path:
    """Return the file of weights that an address or a folder names; any other path as it is.

    Args:
        path: ``hf://OWNER/NAME[@REVISION][#SHA256]``, a folder with ``model.safetensors``, or anything else.

    Raises:
        CheckpointError: the address is wrong, the model cannot be fetched, or its file has another hash.
        MissingExtraError: huggingface_hub is not installed.
    """
    text = Path(path).as_posix()
    if text.startswith(SCHEME):
        return _fetch(text)
    path = expanded(path)
    return verified(path / WEIGHTS, path / ABOUT) if (path / WEIGHTS).is_file() else path


def verified(weights: Path, about: Path, digest: str = "") -> Path:
    """Return the file of weights once its SHA-256 is that of ``config.json``, and begins with ``digest``.

    Raises:
        CheckpointError: it is another.
    """
    content = read_json(about)
    if not isinstance(content, dict) or not isinstance(content.get("sha256"), str):
        raise CheckpointError(
            f"{about} does not name the SHA-256 of {WEIGHTS}: this is no model that `i2ikit export --format hub` wrote"
        )
    found = file_hash(weights)
    for source, expected in ((ABOUT, content["sha256"]), ("the address", digest)):
        if not found.startswith(expected) or (source == ABOUT and found != expected):
            raise CheckpointError(
                f"{weights} is not the file that {source} names: its SHA-256 is {found[:16]}..., not {expected[:16]}..."
            )
    return weights


def _fetch(text: str) -> Path:
    """Return the file of a model of the hub in the local cache; what is there is not fetched again."""
    match = ADDRESS.fullmatch(text)
    if match is None:
        raise CheckpointError(
            f"hf://{text.removeprefix(SCHEME).lstrip('/')} is no address of a model: hf://OWNER/NAME, "
            "hf://OWNER/NAME@REVISION or hf://OWNER/NAME@REVISION#SHA256"
        )
    repository, revision, digest = match[1], match[2], match[3] or ""
    address = f"hf://{repository}"
    require_extra("hub", address, "huggingface_hub", "safetensors")
    from huggingface_hub import hf_hub_download

    with _fetching(address, revision):
        about = Path(hf_hub_download(repository, ABOUT, revision=revision))
        commit = about.parent.name
        weights = verified(Path(hf_hub_download(repository, WEIGHTS, revision=commit)), about, digest)
    if not (revision and COMMIT.fullmatch(revision)):
        logger.warning(
            "%s is at commit %s now. To use this very model whatever changes there: %s@%s#%s",
            *(address, commit[:12], address, commit, file_hash(weights)[:16]),
        )
    return weights


@contextmanager
def _fetching(address: str, revision: str | None) -> Iterator[None]:
    """Turn errors of huggingface_hub in the block into one, and show none of its progress bars."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    bars: Any = import_module("huggingface_hub.utils")
    shown = not bars.are_progress_bars_disabled()
    bars.disable_progress_bars()
    try:
        yield
    except CheckpointError:
        raise
    except RevisionNotFoundError as error:
        raise CheckpointError(f"{address} has no revision {revision!r}") from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"there is no model {address}, or it is private: `hf auth login` gives access to yours"
        ) from error
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{address} cannot be fetched: the hub is not reached, and the model is not in the cache"
        ) from error
    except EntryNotFoundError as error:
        raise CheckpointError(
            f"{address} has no {ABOUT} and {WEIGHTS} of `i2ikit export --format hub`: it is another kind of model"
        ) from error
    except Exception as error:  # of the network, of the server, of the cache
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise CheckpointError(f"{address} cannot be fetched: {reason}") from error
    finally:
        if shown:
            bars.enable_progress_bars()
