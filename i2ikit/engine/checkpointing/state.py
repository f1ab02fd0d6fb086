"""A run as a checkpoint, and back."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer

from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.hook_states import hook_states, restore_hooks
from i2ikit.environment import plugins, versions
from i2ikit.errors import CheckpointError
from i2ikit.translation import UnpairedTranslation


def capture(runner: Runner, config: dict[str, Any], facts: Mapping[str, Any]) -> Checkpoint:
    """Return everything that decides the next step; all random draws are functions of the seed and the step.

    Args:
        runner: of a run, between two steps.
        config: resolved.
        facts: tensors and plain data to keep beside it.
    """
    loop, updater = runner.train_loop, runner.optim_wrapper
    epoch, batch = loop.position
    return Checkpoint(
        config=config,
        model=runner.model.translation.state_dict(),
        optimizers={name: optimizer.state_dict() for name, optimizer in updater.optimizers.items()},
        progress={
            "step": loop.progress.step,
            "steps": loop.steps,
            "epoch": epoch,
            "epochs": loop.epochs,
            "batch": batch,
            "batches": len(loop.dataloader),
        },
        versions=versions(),
        plugins=plugins(config),
        extra={
            "hooks": hook_states(runner.hooks),
            "scaler": updater.scaler.state_dict() if updater.scaler is not None else None,
            **facts,
        },
    )


def restore(
    checkpoint: Checkpoint, model: UnpairedTranslation, optimizers: Mapping[str, Optimizer], device: torch.device
) -> None:
    """Give model and optimizers the state of a checkpoint.

    Raises:
        CheckpointError: the checkpoint is of another model.
    """
    try:
        model.load_state_dict(_to(checkpoint.model, device))
    except RuntimeError as error:
        raise CheckpointError(f"the checkpoint is of another model than the config: {error}") from error
    if set(checkpoint.optimizers) != set(optimizers):
        raise CheckpointError(
            f"the checkpoint has optimizers for the phases {', '.join(checkpoint.optimizers)}, "
            f"the config has the phases {', '.join(optimizers)}"
        )
    for name, optimizer in optimizers.items():
        settings = [_settings(optimizer, group) for group in optimizer.param_groups]
        try:
            optimizer.load_state_dict(checkpoint.optimizers[name])
        except ValueError as error:
            raise CheckpointError(f"the optimizer of phase {name!r} does not fit the config: {error}") from error
        for group, own in zip(optimizer.param_groups, settings, strict=True):
            group.update(own)  # the config's, so that what has changed there takes effect


def _settings(optimizer: Optimizer, group: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key in optimizer.defaults or key == "initial_lr"}


def restore_surroundings(checkpoint: Checkpoint, runner: Runner) -> list[str]:
    """Give what stands around the model its state: the hooks and the gradient scaler, once they are all there.

    Returns:
        one sentence for each state that found no owner, and each owner that found none.
    """
    scaler = runner.optim_wrapper.scaler
    if scaler is not None and checkpoint.extra.get("scaler"):
        scaler.load_state_dict(checkpoint.extra["scaler"])
    return restore_hooks(runner.hooks, checkpoint.extra.get("hooks", {}))


def _to(value: Any, device: torch.device) -> Any:
    """Move all tensors of nested plain data; load_state_dict leaves extra state where it is."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, Mapping):
        return {key: _to(item, device) for key, item in value.items()}
    return [_to(item, device) for item in value] if isinstance(value, list) else value
