"""Weights of generators with their config, as a safetensors file: what a finished model is published as."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.config.sections import integer
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, parse_config, read_checkpoint
from i2ikit.engine.checkpointing.schema import find_mismatch
from i2ikit.errors import CheckpointError
from i2ikit.extras import require_extra
from i2ikit.files import nearest_beside
from i2ikit.tensor_files import content_hash, find_not_finite

SUFFIX = ".safetensors"
KIND = "i2ikit weights"
ABOUT = {"progress": {str: integer(0)}, "versions": {str: str}, "plugins": {str: {str: str}}}  # stored as JSON
AVERAGED = "averaged"  # in ``extra``: the names of the generators whose weights are those of their moving average


def open_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, or a safetensors file of :func:`weights_content`, as ``read_checkpoint`` does.

    Raises:
        CheckpointError: it is missing, damaged, or from another program.
        MissingExtraError: safetensors is not installed.
    """
    return read_weights(path) if path.suffix == SUFFIX else read_checkpoint(path)


def weights_content(checkpoint: Checkpoint) -> bytes:
    """Return a safetensors file with the weights of a checkpoint; config, versions and a hash are its metadata.

    Optimizers, and what else a run needs to be resumed, are left out.

    Raises:
        CheckpointError: the weights hold more than tensors.
        MissingExtraError: safetensors is not installed.
    """
    require_extra("export", "a safetensors file", "safetensors")
    from safetensors.torch import save

    odd = next((key for key, value in checkpoint.model.items() if not isinstance(value, Tensor)), None)
    if odd is not None:
        raise CheckpointError(f"safetensors holds tensors alone, but {odd} is none: keep the checkpoint itself")
    tensors = {key: value.detach().cpu().clone().contiguous() for key, value in checkpoint.model.items()}
    about = {name: json.dumps(getattr(checkpoint, name)) for name in ("config", *ABOUT)}
    about[AVERAGED] = json.dumps(checkpoint.extra.get(AVERAGED, []))
    metadata = {"format": "pt", "kind": KIND, **about, "hash": content_hash(dict(sorted(tensors.items())))}
    return bytes(save(tensors, metadata))


def read_weights(path: Path) -> Checkpoint:
    """Read a safetensors file of :func:`weights_content`; no file of this format can hold code.

    Raises:
        CheckpointError: it is missing, damaged, or from another program; the message names it.
        MissingExtraError: safetensors is not installed.
    """
    require_extra("export", str(path), "safetensors")
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}.{nearest_beside(path)}")
    metadata, tensors = _read(path)
    if metadata.get("kind") != KIND:
        raise CheckpointError(
            f"{path} was not written by `i2ikit export`: it holds no config, so its architecture is unknown"
        )
    about = {name: _json(path, name, metadata) for name in ABOUT}
    extra = {AVERAGED: _json(path, AVERAGED, {AVERAGED: "[]", **metadata})}
    wrong = find_mismatch(about | extra, {**ABOUT, AVERAGED: [str]}) or find_not_finite(tensors)
    if not wrong and content_hash(dict(sorted(tensors.items()))) != metadata.get("hash"):
        wrong = "its weights do not match their hash"
    if wrong:
        raise CheckpointError(f"{path} is damaged: {wrong}")
    return Checkpoint(parse_config(path, metadata.get("config", "")), tensors, **about, extra=extra)


def _read(path: Path) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # whatever a damaged file makes it raise
        raise CheckpointError(f"{path} cannot be read: it is cut off or damaged ({error})") from error


def _json(path: Path, name: str, metadata: Mapping[str, str]) -> Any:
    try:
        return json.loads(metadata.get(name, ""))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {name} is no JSON ({error})") from error
