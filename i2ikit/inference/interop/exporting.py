"""A checkpoint as files of the published code."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.errors import CheckpointError, RunError
from i2ikit.inference.interop.files import ONE_SIDED, TWO_SIDED
from i2ikit.inference.interop.fitting import unfit
from i2ikit.registry import DISCRIMINATORS, GENERATORS, HEADS


def export_files(
    checkpoint: Checkpoint, folder: Path, *, source: str, prefix: str = "latest"
) -> tuple[dict[str, Path], dict[str, str]]:
    """Write each network of a checkpoint as ``<prefix>_net_<NAME>.pth``, in the published layout.

    Where the run kept a moving average of a network, the average is written, as `i2ikit translate` uses it.

    Args:
        checkpoint: of a run, or an imported one.
        folder: where the files go; it is made.
        source: of the checkpoint, for messages.
        prefix: the published code calls it the epoch.

    Returns:
        the file of each network by our full name, and why other networks were left out.

    Raises:
        CheckpointError: the checkpoint cannot be rebuilt, or no generator has a published layout; nothing is written.
        RunError: a file cannot be written.
    """
    networks = _networks(checkpoint, source)
    names = TWO_SIDED if "generators.ba" in networks else ONE_SIDED
    published = {name: short for short, name in names.items()}
    states: dict[str, dict[str, Tensor]] = {}
    left_out: dict[str, str] = {}
    for name, network in networks.items():
        try:
            if name not in published:
                raise CheckpointError(f"the published code has only {', '.join(published)}")
            states[name] = unfit(network, _weights(checkpoint, name, network, source))
        except CheckpointError as error:
            left_out[name] = str(error)
    if not any(name.startswith("generators.") for name in states):
        reasons = "\n".join(f"  {name}: {reason}" for name, reason in left_out.items())
        raise CheckpointError(f"{source} has no generator that the published code could read:\n{reasons}")
    paths = {name: folder / f"{prefix}_net_{published[name]}.pth" for name in states}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, state in states.items():
            torch.save(state, paths[name])
    except (OSError, RuntimeError) as error:  # torch wraps some of the errors of a full disk in RuntimeError
        raise RunError(f"cannot write to {folder}: {error}") from error
    return paths, left_out


def _networks(checkpoint: Checkpoint, source: str) -> dict[str, nn.Module]:
    """Return everything in a checkpoint's config by full name, without memory for its weights."""
    model = checkpoint.config.get("model") or {}
    builder = Builder()
    networks: dict[str, nn.Module | None] = {}
    with torch.device("meta"):
        for kind, registry in (("generators", GENERATORS), ("discriminators", DISCRIMINATORS), ("heads", HEADS)):
            for short, config in (model.get(kind) or {}).items():
                rest = {key: value for key, value in config.items() if kind != "heads" or key not in ("of", "taps")}
                generator: Any = networks.get(f"generators.{config['of']}") if kind == "heads" else None
                given = {"widths": generator.widths(config["taps"])} if generator is not None else {}
                networks[f"{kind}.{short}"] = builder.part(registry, rest, f"model.{kind}.{short}", **given)
    if builder.errors:
        errors = "\n".join(f"  - {error.path}: {error.message}" for error in builder.errors)
        raise CheckpointError(f"cannot rebuild the networks of {source}:\n{errors}")
    return {name: network for name, network in networks.items() if network is not None}


def _weights(checkpoint: Checkpoint, name: str, network: nn.Module, source: str) -> dict[str, Tensor]:
    """Return the weights of one network, or those of its moving average, under its own names."""
    averages = checkpoint.config["model"].get("averages") or {}
    kind = name.partition(".")[0]
    prefix = next((f"{kind}.{short}." for short, average in averages.items() if average["of"] == name), f"{name}.")
    found = {key.removeprefix(prefix): value for key, value in checkpoint.model.items() if key.startswith(prefix)}
    expected = network.state_dict()
    wrong = [key for key, value in expected.items() if key not in found or found[key].shape != value.shape]
    if wrong:
        raise CheckpointError(f"the weights in {source} do not fit its config: {prefix}{wrong[0]}")
    return found
