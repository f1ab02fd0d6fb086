"""Reads a file of published weights."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.errors import CheckpointError

PREFIX = "module."  # of networks that were saved inside DataParallel


def read_weights(path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Read a state dict without running anybody's code.

    Returns:
        names and tensors without the prefix ``module.``, and what had to be done, in words.

    Raises:
        CheckpointError: the file is missing or damaged, holds types beyond tensors and plain data, or no state dict.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch asks to be told of files that it did not write itself
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} holds more than weights; nothing of it was run. torch says: {reason}") from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    state, notes = _state_dict(path, content)
    if all(name.startswith(PREFIX) for name in state):
        state = {name.removeprefix(PREFIX): value for name, value in state.items()}
        notes.append(f"took the prefix {PREFIX!r} off all names")
    return state, notes


def _state_dict(path: Path, content: Any) -> tuple[dict[str, Tensor], list[str]]:
    """Return the state dict that a file is, or the only one that it holds."""
    if _is_state_dict(content):
        return dict(content), []
    found = {name: value for name, value in content.items() if _is_state_dict(value)} if _is_mapping(content) else {}
    if len(found) == 1:
        name, state = next(iter(found.items()))
        return dict(state), [f"took the entry {name!r} of the file"]
    several = f"it holds {len(found)} state dicts: {', '.join(map(repr, found))}; save the one that is meant by itself"
    raise CheckpointError(f"{path} is not a state dict; {several if found else 'it holds none'}")


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _is_state_dict(value: Any) -> bool:
    return _is_mapping(value) and bool(value) and all(isinstance(item, Tensor) for item in value.values())
