"""The checkpoint file of a run: written completely or not at all, read without running code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from i2ikit.engine.checkpointing.schema import CHECKPOINT, CONFIG, find_mismatch, find_odd_weight
from i2ikit.errors import CheckpointError, RunError
from i2ikit.files import cannot_write, open_atomically
from i2ikit.model_keys import owner
from i2ikit.tensor_files import content_hash, find_foreign, find_not_finite, read_tensors, walk

FORMAT = "i2ikit checkpoint"
FORMAT_VERSION = 1
CHECKSUM = "checksum"  # the field with the hash of all others


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
        prefix = f"{owner(self.config.get('model') or {}, name)}."
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
            torch.save({**content, CHECKSUM: content_hash(content)}, file)
    except (OSError, RuntimeError) as error:  # torch wraps some of the errors of a full disk in RuntimeError
        next_step = "Older ones are intact: make room, and resume with --resume."
        raise cannot_write(f"the checkpoint {path}", _system_error(error), next_step) from error


def _system_error(error: BaseException) -> OSError:
    """Return the system's error behind torch's, which only names positions in a file."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, OSError):
        seen = seen.__cause__ or seen.__context__
    return seen or OSError(str(error))


def find_unreadable(checkpoint: Checkpoint) -> str:
    """Return what of a checkpoint could be written but not be read again; empty: nothing."""
    return find_foreign(_content(checkpoint))


def _content(checkpoint: Checkpoint) -> dict[str, Any]:
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    written = {"config": json.dumps(checkpoint.config), "model": dict(checkpoint.model)}  # without torch's metadata
    return {**fields, **written, "format": FORMAT, "format_version": FORMAT_VERSION}


def read_checkpoint(path: Path, *, any_weights: bool = False) -> Checkpoint:
    """Read a checkpoint to the CPU: without running code, and complete in every field or not at all.

    Args:
        path: the file.
        any_weights: also read one with weights that are not finite.

    Raises:
        CheckpointError: it is missing, damaged (checksums are verified), not from i2ikit, of another format version, or
            has a field of the wrong kind, or weights or states of optimizers that are not finite. It is named.
    """
    content = read_tensors(path)
    if find_mismatch(content, {"format": str}) or content["format"] != FORMAT:
        raise CheckpointError(
            f"{path} was not written by i2ikit's training; import weights of published code with `i2ikit import`"
        )
    version = content.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        known = not find_mismatch(content, {"versions": {"i2ikit": str}})
        wrote = content["versions"]["i2ikit"] if known else "version unknown"
        raise CheckpointError(
            f"{path} has format version {str(version)[:20]}, this i2ikit reads version {FORMAT_VERSION}: "
            f"use the i2ikit that wrote it ({wrote}) or newer"
        )
    wrong = find_mismatch(content, CHECKPOINT) or find_odd_weight(content["model"])
    if wrong:
        raise CheckpointError(f"{path} is damaged: {wrong}")
    checkpoint = Checkpoint(**{name: content[name] for name in Checkpoint.__dataclass_fields__})
    checkpoint.config = parse_config(path, content["config"])
    wrong = "" if any_weights else find_not_finite({**checkpoint.model, "optimizers": checkpoint.optimizers})
    if wrong:
        raise CheckpointError(f"{path} cannot be used: {wrong}. Use an earlier checkpoint.")
    if content_hash({key: value for key, value in content.items() if key != CHECKSUM}) != content[CHECKSUM]:
        raise CheckpointError(f"{path} is damaged: its content does not match its checksum")
    return checkpoint


def parse_config(path: Path, text: str) -> dict[str, Any]:
    """Return a config that is stored as JSON.

    Args:
        path: of the file that holds it, for messages.
        text: what is stored.

    Raises:
        CheckpointError: it is no JSON, or no config.
    """
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: its config is no JSON ({error})") from error
    wrong = find_foreign(config, "config") or find_mismatch(config, CONFIG, "config") or _find_odd_type(config)
    if wrong:
        raise CheckpointError(f"{path} is damaged: {wrong}")
    return dict(config)


def _find_odd_type(config: Mapping[str, Any]) -> str:
    odd = (key for key, item in walk(config, "config") if key.endswith(".type") and not isinstance(item, str))
    return next((f"{key} must be the name of a class" for key in odd), "")


def check_fields(path: Path, checkpoint: Checkpoint, schema: Mapping[str, Any], purpose: str) -> None:
    """Raise CheckpointError unless a checkpoint has what a purpose, such as "to resume a run", needs."""
    wrong = find_mismatch(vars(checkpoint), schema)
    if wrong:
        raise CheckpointError(f"{path} cannot be used {purpose}: {wrong}")
