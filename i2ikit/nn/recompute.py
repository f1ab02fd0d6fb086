"""Activation checkpointing: a stage keeps what it was given, and is computed again when the gradient comes back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.checkpoint import checkpoint

Result = TypeVar("Result")


def recomputed(network: nn.Module, run: Callable[[Tensor], Result], value: Tensor) -> Result:
    """Return ``run(value)``; what the graph would keep of it is forgotten and computed again during the backward pass.

    The second time is like the first: global random streams (dropout) stand where they stood, autocast is on or off as
    it was, parameters that were frozen are frozen, and statistics that a batch norm keeps are not moved again. Where
    no gradient is recorded nothing changes.

    Args:
        network: the modules that ``run`` calls.
        run: from a tensor to tensors, a function of its argument and of the network alone.
        value: what goes in.
    Source:
        Chen et al. 2016, arXiv:1604.06174; torch.utils.checkpoint.
    """
    wanted = value.requires_grad or any(parameter.requires_grad for parameter in network.parameters())
    if not torch.is_grad_enabled() or not wanted:
        return run(value)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _as_it_was(network)

    result: Result = checkpoint(run, value, use_reentrant=False, context_fn=contexts)
    return result


def _as_it_was(network: nn.Module) -> AbstractContextManager[None]:
    """Return a context in which the network is frozen as it is now, and its norms move copies of their statistics."""
    flags = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    norms = [module for module in network.modules() if isinstance(module, _NormBase) and module.training]

    @contextmanager
    def context() -> Iterator[None]:
        now = [(parameter, parameter.requires_grad) for parameter, _ in flags]
        statistics = [(norm, name, buffer) for norm in norms for name, buffer in norm.named_buffers(recurse=False)]
        _set(flags)
        for norm, name, buffer in statistics:
            setattr(norm, name, buffer.clone())
        try:
            yield
        finally:
            _set(now)
            for norm, name, buffer in statistics:
                setattr(norm, name, buffer)

    return context()


def _set(flags: list[tuple[nn.Parameter, bool]]) -> None:
    for parameter, flag in flags:
        parameter.requires_grad_(flag)


def checkpoint_activations(model: nn.Module) -> list[str]:
    """Switch activation checkpointing on wherever a part of ``model`` knows it; return the names of these parts."""
    able = {name: module for name, module in model.named_modules() if hasattr(module, "checkpoint_activations")}
    for module in able.values():
        module.checkpoint_activations = True
    return list(able)
