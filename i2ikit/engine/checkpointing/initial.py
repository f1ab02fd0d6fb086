"""Initial weights of a run, from a checkpoint."""

from pathlib import Path

import torch

from i2ikit.engine.checkpointing.rebuild import compare_weights
from i2ikit.engine.checkpointing.weights_file import open_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.files import expanded
from i2ikit.translation import UnpairedTranslation
from i2ikit.work_dir import choose_checkpoint


def load_initial(path: str | Path, model: UnpairedTranslation, device: torch.device) -> list[str]:
    """Load into each network of a model the weights that a checkpoint has under the same name.

    A moving average that the checkpoint does not have starts as a copy of the network that it follows.

    Args:
        path: a checkpoint of this or another method, one that `i2ikit import` wrote, or a work directory.
        model: on ``device``; networks that the checkpoint does not have keep their weights, and so do extractors.
        device: of the model.

    Returns:
        full names of the networks that were loaded.

    Raises:
        CheckpointError: a network has another shape in the checkpoint, or no name occurs in both.
    """
    path = choose_checkpoint(expanded(path))
    checkpoint = open_checkpoint(path)
    loaded = []
    for name, network in model.networks.items():
        weights = checkpoint.weights(name)
        if not weights or name.startswith("extractors."):
            continue
        try:
            compare_weights(network.state_dict(), weights)
            network.load_state_dict({key: value.to(device) for key, value in weights.items()})
        except (RuntimeError, CheckpointError) as error:
            kind, _, short = name.partition(".")
            config = checkpoint.config.get("model", {}).get(kind, {}).get(short)
            raise CheckpointError(f"{name} of {path} does not fit the config; there it is {config}. {error}") from error
        loaded.append(name)
    for name, average in model.averages.items():
        if average.of in loaded and name not in loaded:
            model.networks[name].load_state_dict(model.networks[average.of].state_dict())
    if not loaded:
        known = sorted({".".join(key.split(".")[:2]) for key in checkpoint.model})
        raise CheckpointError(
            f"{path} has no network of the names in the config: it has {', '.join(known) or 'none'}, "
            f"the config {', '.join(model.networks)}"
        )
    return loaded
