"""Activation checkpointing: a stage keeps its input alone, and is computed again in the backward pass."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.checkpoint import checkpoint

from i2ikit.ops.fast_operations import active

Result = TypeVar("Result")


def recomputed(network: nn.Module, run: Callable[..., Result], *values: Tensor) -> Result:
    """Return ``run(*values)``; its activations are not kept, but computed again during the backward pass.

    The second computation equals the first: global random streams (dropout), autocast and frozen parameters are
    restored, and the statistics of a batch norm are not updated again. Without gradients it is a plain call.

    Args:
        network: the modules that ``run`` calls.
        run: from tensors to tensors, a function of its arguments and of the network alone.
        values: the inputs.
    Source:
        Chen et al. 2016, arXiv:1604.06174; torch.utils.checkpoint.
    """
    wanted = any(x.requires_grad for x in (*values, *network.parameters()))
    if not torch.is_grad_enabled() or not wanted:
        return run(*values)
    flags = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    mode = active() or nullcontext()
    result: Result = checkpoint(
        run, *values, use_reentrant=False, context_fn=lambda: (nullcontext(), _restored(network, flags, mode))
    )
    return result


@contextmanager
def _restored(
    network: nn.Module,
    flags: list[tuple[nn.Parameter, bool]],
    mode: AbstractContextManager[object],
) -> Iterator[None]:
    """Freeze a network as the flags were, and let its norms update copies of their statistics."""
    now = [(parameter, parameter.requires_grad) for parameter, _ in flags]
    norms = [module for module in network.modules() if isinstance(module, _NormBase) and module.training]
    statistics = [(norm, name, buffer) for norm in norms for name, buffer in norm.named_buffers(recurse=False)]
    _set(flags)
    for norm, name, buffer in statistics:
        setattr(norm, name, buffer.clone())
    try:
        with mode:
            yield
    finally:
        _set(now)
        for norm, name, buffer in statistics:
            setattr(norm, name, buffer)


def _set(flags: list[tuple[nn.Parameter, bool]]) -> None:
    for parameter, flag in flags:
        parameter.requires_grad_(flag)


def checkpoint_activations(model: nn.Module) -> list[str]:
    """Switch activation checkpointing on in every part of ``model`` that supports it; return their names."""
    able = {name: module for name, module in model.named_modules() if hasattr(module, "checkpoint_activations")}
    for module in able.values():
        module.checkpoint_activations = True
    return list(able)
