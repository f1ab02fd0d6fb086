"""A run as a checkpoint, and back."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from i2ikit.engine.checkpoint import Checkpoint
from i2ikit.engine.environment import plugins, versions
from i2ikit.errors import CheckpointError
from i2ikit.translation import UnpairedTranslation


def capture(
    config: dict[str, Any],
    model: UnpairedTranslation,
    optimizers: Mapping[str, Optimizer],
    progress: dict[str, int],
    seconds: float,
) -> Checkpoint:
    """Return everything that decides the next step; all random draws are functions of the seed and the step."""
    return Checkpoint(
        config=config,
        model=model.state_dict(),
        optimizers={name: optimizer.state_dict() for name, optimizer in optimizers.items()},
        progress=progress,
        versions=versions(),
        plugins=plugins(config),
        extra={"seconds": seconds},
    )


def restore(
    checkpoint: Checkpoint, model: UnpairedTranslation, optimizers: Mapping[str, Optimizer], device: torch.device
) -> None:
    """Give model and optimisers the state of a checkpoint.

    Raises:
        CheckpointError: the checkpoint is of another model.
    """
    try:
        model.load_state_dict(_to(checkpoint.model, device))
    except RuntimeError as error:
        raise CheckpointError(f"the checkpoint is of another model than the config: {error}") from error
    if set(checkpoint.optimizers) != set(optimizers):
        raise CheckpointError(
            f"the checkpoint has optimisers for the phases {', '.join(checkpoint.optimizers)}, "
            f"the config has the phases {', '.join(optimizers)}"
        )
    for name, optimizer in optimizers.items():
        rates = [group["initial_lr"] for group in optimizer.param_groups]
        try:
            optimizer.load_state_dict(checkpoint.optimizers[name])
        except ValueError as error:
            raise CheckpointError(f"the optimiser of phase {name!r} does not fit the config: {error}") from error
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["initial_lr"] = rate  # the config's, so that a changed rate takes effect


def _to(value: Any, device: torch.device) -> Any:
    """Move all tensors of nested plain data; load_state_dict leaves extra state where it is."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, Mapping):
        return {key: _to(item, device) for key, item in value.items()}
    return [_to(item, device) for item in value] if isinstance(value, list) else value
