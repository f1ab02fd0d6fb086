"""Files of the published code: the networks in their names, and the weights in them."""

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.errors import CheckpointError, nearest_hint

ONE_SIDED = {"G": "generators.ab", "D": "discriminators.b", "F": "heads.f"}
TWO_SIDED = {
    "G_A": "generators.ab",
    "G_B": "generators.ba",
    "D_A": "discriminators.b",  # the discriminator of G_A's outputs
    "D_B": "discriminators.a",
    "F1": "heads.ab",
    "F2": "heads.ba",
}
NETWORKS = ONE_SIDED | TWO_SIDED


def network_name(published: str) -> str:
    """Return our full name of a published network: ``generators.ab`` for ``G``.

    Raises:
        CheckpointError: the published code has no network of that name.
    """
    if published not in NETWORKS:
        known = nearest_hint(published, NETWORKS) or f" There are: {', '.join(NETWORKS)}."
        raise CheckpointError(f"the published code has no network {published!r}.{known}")
    return NETWORKS[published]


def published_name(path: Path) -> str | None:
    """Return the published network of a file name: ``G_A`` of ``latest_net_G_A.pth``; None for any other name."""
    match = re.search(r"_net_(\w+)$", path.stem)
    return match[1] if match and match[1] in NETWORKS else None


def read_weights(path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Read a state dict, without running code that the file may contain.

    Returns:
        tensors by name, and notes about how they were found.

    Raises:
        CheckpointError: the file is missing or damaged, holds types beyond tensors and plain data, or no state dict.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch warns of files that other programs wrote
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} holds more than weights; none of its code was run. torch: {reason}") from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if _is_state_dict(content):
        return dict(content), []
    found = {name: value for name, value in content.items() if _is_state_dict(value)} if _is_mapping(content) else {}
    if len(found) == 1:
        name, state = next(iter(found.items()))
        return dict(state), [f"used the entry {name!r} of the file"]
    several = f"it holds {len(found)} state dicts: {', '.join(map(repr, found))}; save the right one to its own file"
    raise CheckpointError(f"{path} is not a state dict; {several if found else 'it holds none'}")


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _is_state_dict(value: Any) -> bool:
    return _is_mapping(value) and bool(value) and all(isinstance(item, Tensor) for item in value.values())
