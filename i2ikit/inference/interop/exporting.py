"""A checkpoint as files of the published code."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.config.trial import build_trial_model
from i2ikit.errors import CheckpointError, RunError
from i2ikit.files import open_atomically, unusable_path
from i2ikit.inference.interop.files import ONE_SIDED, TWO_SIDED
from i2ikit.inference.interop.fitting import unfit
from i2ikit.inference.interop.layouts import layout_of
from i2ikit.inference.trained_model import TrainedModel


def describe_unpublished(config: Mapping[str, Any]) -> str:
    """Return a sentence where the published code can read none of the generators of a valid config, or nothing.

    Args:
        config: resolved; its networks are built without their weights.
    """
    model, _ = build_trial_model(config)
    reasons = []
    for generator in model.generators.values() if model is not None else ():
        try:
            layout_of(generator)
        except CheckpointError as error:
            reasons.append(str(error))
        else:
            return ""
    if not reasons:
        return ""
    return (
        f"The published code cannot read the generator: {reasons[0].partition(';')[0]}. Instead of `i2ikit export "
        "--format official`, another format can hold it, such as onnx."
    )


def export_files(
    trained: TrainedModel, folder: Path, *, prefix: str = "latest"
) -> tuple[dict[str, Path], dict[str, str]]:
    """Write each network of a checkpoint as ``<prefix>_net_<NAME>.pth``, in the published layout.

    Where the run kept a moving average of a network, the average is written, as `i2ikit translate` uses it.

    Args:
        trained: a checkpoint of a run, or an imported one.
        folder: of the files; created if missing.
        prefix: the published code calls it the epoch.

    Returns:
        the file of each network by our full name, and why other networks were left out.

    Raises:
        CheckpointError: the checkpoint cannot be rebuilt, or no generator has a published layout; nothing is written.
        RunError: a file cannot be written; there is none of them then.
    """
    names = trained.network_names()
    published = {name: short for short, name in (TWO_SIDED if "generators.ba" in names else ONE_SIDED).items()}
    states: dict[str, dict[str, Tensor]] = {}
    left_out: dict[str, str] = {}
    for name in names:
        with torch.device("meta"):  # no memory for weights that are replaced
            network = trained.build(name)
        trained.load(network, trained.averaged_name(name), assign=True)
        try:
            if name not in published:
                raise CheckpointError(f"the published code has only {', '.join(published)}")
            states[name] = unfit(network)
        except CheckpointError as error:
            left_out[name] = str(error)
    if not any(name.startswith("generators.") for name in states):
        reasons = "\n".join(f"  {name}: {reason}" for name, reason in left_out.items())
        raise CheckpointError(f"{trained.path} has no generator that the published code could read:\n{reasons}")
    paths = {name: folder / f"{prefix}_net_{published[name]}.pth" for name in states}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as complete:  # all files appear, or none
            for name, state in states.items():
                torch.save(state, complete.enter_context(open_atomically(paths[name], sync=True)))
    except (OSError, RuntimeError) as error:  # torch wraps some of the errors of a full disk in RuntimeError
        if isinstance(error, OSError) and unusable_path(error):
            raise
        raise RunError(f"cannot write to {folder}: {error}") from error
    return paths, left_out
