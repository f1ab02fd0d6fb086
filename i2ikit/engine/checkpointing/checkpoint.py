"""The checkpoint file of a run: written completely or not at all, read without running code."""

import json
import pickle
import re
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.errors import CheckpointError, RunError
from i2ikit.files import open_atomically

FORMAT = "i2ikit checkpoint"
FORMAT_VERSION = 1
LEAVES = (str, int, float, bool, type(None), torch.Size, torch.dtype, torch.device)


@dataclass
class Checkpoint:
    """Everything that determines the next step of a run.

    Attributes:
        config: the resolved config; plain data, stored as JSON, so tuples come back as lists.
        model: the state dict of the model: tensors, and the extra state of modules that have one.
        optimizers: state dict by phase.
        progress: ``step``, ``epoch`` and ``batch``: how many steps, complete epochs, and batches of the current epoch
            are done; ``steps``, ``epochs`` and ``batches``: their totals.
        versions: of i2ikit, torch, mmengine, python; under ``git`` the commit of the repository that it ran in.
        plugins: by name of the plugin, its ``package`` and ``version``.
        extra: states of hooks and facts of the run; in the dump of a failed step, its batches. Tensors and plain data.
    """

    config: dict[str, Any]
    model: dict[str, Any]
    optimizers: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, dict[str, str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def weights(self, name: str) -> dict[str, Any]:
        """Return the state dict of one network by its full name, such as ``generators.ab``; empty if there is none."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): value for key, value in self.model.items() if key.startswith(prefix)}


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint under a temporary name, sync it, and rename it: ``path`` is never incomplete.

    Args:
        path: the file; its folder is created.
        checkpoint: what to write.

    Raises:
        RunError: the disk is full or the folder cannot be written, or something in it could not be read again; an
            older file at ``path`` is unchanged.
    """
    content = _content(checkpoint)
    foreign = find_foreign(content)
    if foreign:
        raise RunError(f"cannot write the checkpoint {path}: {foreign}. Only tensors and plain data can be read again.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_atomically(path, sync=True) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:  # torch wraps some of the errors of a full disk in RuntimeError
        raise RunError(
            f"cannot write the checkpoint {path}: {_root(error)}. Older ones are intact: free some space, and resume "
            "with --resume."
        ) from error


def _root(error: BaseException) -> BaseException:
    """Return the system's error behind torch's, which only names positions in a file."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, OSError):
        seen = seen.__cause__ or seen.__context__
    return seen or error


def find_unreadable(checkpoint: Checkpoint) -> str:
    """Return what of a checkpoint could be written but not be read again; empty: nothing."""
    return find_foreign(_content(checkpoint))


def find_foreign(value: Any, key: str = "") -> str:
    """Return the key and the type of the first value that is neither a tensor nor plain data; empty: there is none.

    Args:
        value: nested dicts, lists and tuples. A subclass, such as NumPy's float64, does not count as its base class.
        key: keys above ``value``, joined by dots.
    """
    if isinstance(value, Tensor) or type(value) in LEAVES:
        return ""
    if type(value) in (dict, OrderedDict):
        items = [(str(name), item) for name, item in value.items()]
        wrong = next((name for name in value if type(name) not in LEAVES), None)
        if wrong is not None:
            return f"{key} has the key {wrong!r}, a {_type_name(wrong)}"
    elif type(value) in (list, tuple):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return f"{key} is a {_type_name(value)}"
    found = (find_foreign(item, f"{key}.{name}" if key else name) for name, item in items)
    return next((text for text in found if text), "")


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def _content(checkpoint: Checkpoint) -> dict[str, Any]:
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    return fields | {"config": json.dumps(checkpoint.config), "format": FORMAT, "format_version": FORMAT_VERSION}


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint to the CPU with ``weights_only``: a file with code in it is refused, not run.

    Args:
        path: the file.

    Raises:
        CheckpointError: it is missing, damaged (checksums are verified), not from i2ikit, from a newer i2ikit, or holds
            types that are not allowed. The message names the file.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint at {path}")
    _check_intact(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))  # the rest of the message advises to read it unsafely
        what = f": {named[1]}" if named else ""
        raise CheckpointError(
            f"{path} holds types that are not allowed in a checkpoint{what}. No code of it was run."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    return _parse(path, content)


def _check_intact(path: Path) -> None:
    """Raise CheckpointError unless ``path`` is a complete zip archive whose records match their checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise CheckpointError(
            f"{path} is not a complete checkpoint ({error}): the file is cut off, damaged, or was not written by i2ikit"
        ) from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error}") from error
    if damaged is not None:
        raise CheckpointError(f"{path} is damaged: the checksum of its record {damaged!r} does not match")


def _parse(path: Path, content: Any) -> Checkpoint:
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} was not written by i2ikit's training; import weights of published code with `i2ikit import`"
        )
    version = content.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {version}, this i2ikit reads version {FORMAT_VERSION}: "
            f"use the i2ikit that wrote it ({content.get('versions', {}).get('i2ikit', 'version unknown')}) or newer"
        )
    missing = [name for name in Checkpoint.__dataclass_fields__ if name not in content]
    if missing:
        raise CheckpointError(f"{path} is damaged: it has no {missing[0]!r}")
    fields = {name: content[name] for name in Checkpoint.__dataclass_fields__}
    return Checkpoint(**{**fields, "config": json.loads(content["config"])})
