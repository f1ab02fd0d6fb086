"""Weights to begin a run with."""

from pathlib import Path

import torch

from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.translation import UnpairedTranslation


def load_initial(path: Path, model: UnpairedTranslation, device: torch.device) -> list[str]:
    """Give the networks of a model the weights that networks of the same names have in a checkpoint.

    A moving average that the checkpoint does not have begins as a copy of the network that it follows.

    Args:
        path: a checkpoint of a run, of this or another method, or one that `i2ikit import` wrote.
        model: on ``device``; networks that the checkpoint does not have stay as they are.
        device: of the model.

    Returns:
        full names of the networks that took weights.

    Raises:
        CheckpointError: a network of the checkpoint has another shape, or none has a name that the model has.
    """
    checkpoint = read_checkpoint(path)
    taken = []
    for name, network in model.networks.items():
        prefix = f"{name}."
        found = {key.removeprefix(prefix): value for key, value in checkpoint.model.items() if key.startswith(prefix)}
        if not found:
            continue
        try:
            network.load_state_dict({key: value.to(device) for key, value in found.items()})
        except RuntimeError as error:
            kind, _, short = name.partition(".")
            config = checkpoint.config.get("model", {}).get(kind, {}).get(short)
            raise CheckpointError(f"{name} of {path} does not fit the config; there it is {config}. {error}") from error
        taken.append(name)
    for name, average in model.averages.items():
        if average.of in taken and name not in taken:
            model.networks[name].load_state_dict(model.networks[average.of].state_dict())
    if not taken:
        known = sorted({".".join(key.split(".")[:2]) for key in checkpoint.model})
        raise CheckpointError(
            f"{path} has no network of the names in the config: it has {', '.join(known) or 'none'}, "
            f"the config {', '.join(model.networks)}"
        )
    return taken
