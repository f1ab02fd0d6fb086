"""A run as a checkpoint, and a checkpoint restored to a run."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from i2ikit.config.defaults import with_argument_defaults
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.rebuild import compare_weights
from i2ikit.engine.runner import TranslationRunner
from i2ikit.environment import plugins, versions
from i2ikit.errors import CheckpointError
from i2ikit.from_mmengine import EMAHook, Hook, apply_to
from i2ikit.translation import UnpairedTranslation


def capture(run: TranslationRunner) -> Checkpoint:
    """Return the state of a run between two steps; all random numbers are functions of the seed and the step.

    Raises:
        RunError: a loss or a gradient was not finite.
    """
    run.settle()
    loop, updater = run.train_loop, run.optim_wrapper
    epoch, batch = loop.position
    return Checkpoint(
        config=with_argument_defaults(run.config),
        model=run.translation.state_dict(),
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
        plugins=plugins(run.config),
        extra={
            "hooks": hook_states(run.hooks),
            "scaler": updater.scaler.state_dict(),
            "seconds": run.seconds(),
            **run.facts,
        },
    )


def restore(
    checkpoint: Checkpoint, model: UnpairedTranslation, optimizers: Mapping[str, Optimizer], device: torch.device
) -> None:
    """Load model and optimizers from a checkpoint.

    Raises:
        CheckpointError: the checkpoint is of another model.
    """
    state = apply_to(checkpoint.model, torch.is_tensor, lambda x: x.to(device))  # load_state_dict leaves extra state
    try:
        compare_weights(model.state_dict(), state)
        model.load_state_dict(state)
    except Exception as error:  # the extra state of a part may have any error
        raise CheckpointError(f"the checkpoint is of another model than the config: {error}") from error
    if set(checkpoint.optimizers) != set(optimizers):
        raise CheckpointError(
            f"the checkpoint has optimizers for the phases {', '.join(checkpoint.optimizers)}, "
            f"the config has the phases {', '.join(optimizers)}"
        )
    for name, optimizer in optimizers.items():
        settings = [{key: group[key] for key in group if key != "params"} for group in optimizer.param_groups]
        try:
            optimizer.load_state_dict(checkpoint.optimizers[name])
            _check_state(optimizer, checkpoint.optimizers[name], checkpoint.progress.get("step", 0))
        except Exception as error:  # torch reads the state without checking it
            raise CheckpointError(f"the optimizer of phase {name!r} does not fit the config: {error}") from error
        for group, own in zip(optimizer.param_groups, settings, strict=True):
            group.update(own)  # the config's, so that changed settings take effect


def restore_surroundings(checkpoint: Checkpoint, run: TranslationRunner) -> list[str]:
    """Restore the gradient scaler and the hooks of a run, once they all exist.

    Returns:
        one sentence for each hook without a saved state, and for each saved state without a hook.

    Raises:
        CheckpointError: a state is not what the scaler or the hook would save.
    """
    try:
        run.optim_wrapper.scaler.load_state_dict(checkpoint.extra["scaler"])
    except Exception as error:  # torch reads the state without checking it
        raise CheckpointError(f"the checkpoint's state of the gradient scaler cannot be restored: {error!r}") from error
    return restore_hooks(run.hooks, checkpoint.extra["hooks"])


def hook_states(hooks: Iterable[Hook]) -> dict[str, Any]:
    """Return the states of all hooks that have one, by name.

    A hook has a state if it has ``state_dict()`` and ``load_state_dict(state)``, as torch's modules do; the state of
    mmengine's own EMAHook, which has neither, are its averages. The name of a hook is its attribute ``name``, else the
    name of its class; the second hook of a class has ``#2`` after it.
    """
    states = {name: _state(hook) for name, hook in _named(hooks).items()}
    return {name: state for name, state in states.items() if state is not None}


def restore_hooks(hooks: Iterable[Hook], states: Mapping[str, Any]) -> list[str]:
    """Restore the states of hooks; returns as :func:`restore_surroundings`."""
    named, notes = _named(hooks), []
    for name, hook in named.items():
        if name in states:
            try:
                _load(hook, states[name])
            except Exception as error:
                raise CheckpointError(
                    f"the checkpoint's state of the hook {name} cannot be restored: {error!r}"
                ) from error
        elif _state(hook) is not None:
            notes.append(f"The checkpoint has no state of the hook {name}: it starts without one.")
    return notes + [
        f"The checkpoint has a state of the hook {name}, which the run no longer has."
        for name in states
        if name not in named
    ]


def _named(hooks: Iterable[Hook]) -> dict[str, Hook]:
    found: dict[str, Hook] = {}
    for hook in hooks:
        name = base = str(getattr(hook, "name", type(hook).__name__))
        count = 1
        while name in found:
            count += 1
            name = f"{base}#{count}"
        found[name] = hook
    return found


def _state(hook: Hook) -> Any:
    if isinstance(hook, EMAHook):
        return dict(hook.ema_model.state_dict())
    return hook.state_dict() if hasattr(hook, "state_dict") else None


def _load(hook: Hook, state: Any) -> None:
    if isinstance(hook, EMAHook):
        hook.ema_model.load_state_dict(state)
    else:
        hook.load_state_dict(state)


def _check_state(optimizer: Optimizer, saved: Mapping[str, Any], steps: int) -> None:
    """Raise ValueError where the saved state of a parameter is not what the optimizer makes for it in so many steps."""
    sample = torch.ones(1, requires_grad=True)
    taken = inspect.signature(type(optimizer)).parameters
    alone = type(optimizer)([sample], **{key: value for key, value in optimizer.defaults.items() if key in taken})
    sample.grad = torch.ones(1)
    alone.step()
    made = {key: value for key, value in alone.state[sample].items() if torch.is_tensor(value)}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    numbers = [number for group in saved["param_groups"] for number in group["params"]]
    if numbers != list(range(len(parameters))):
        raise ValueError("its parameters are numbered oddly")
    for number, found in saved["state"].items():
        parameter = parameters[number]
        for key, value in made.items():
            expected = parameter if value.shape == sample.shape else value
            count = key == "step" and isinstance(found.get(key), int | float)
            if not (count or _is_like(found.get(key), expected)):
                raise ValueError(f"its {key!r} of a parameter of shape {tuple(parameter.shape)} is missing or odd")
        if "step" in made and float(found["step"]) not in range(steps + 1):
            raise ValueError(f"it counts {float(found['step']):g} updates after {steps} steps")


def _is_like(value: Any, tensor: Tensor) -> bool:
    return torch.is_tensor(value) and (value.shape, value.dtype) == (tensor.shape, tensor.dtype)
