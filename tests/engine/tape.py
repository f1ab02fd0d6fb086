"""A stand-in for CUDA graphs on a CPU: it records operations on tensors, and repeats them on the same memory.

As with a graph, nothing but these operations is repeated: a value that Python has computed stays as it was, and what is
recorded has not happened yet.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def tensors(values: Any) -> list[Tensor]:
    return [x for x in tree_leaves(values) if isinstance(x, Tensor)]


class Tape(TorchDispatchMode):
    """Records operations, and undoes at the end what they have changed."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.made: set[int] = set()
        self.changed: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func._schema.name == "aten::_local_scalar_dense":
            raise RuntimeError("operation not permitted when stream is capturing\nmore of the message")
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if argument.alias_info is not None and argument.alias_info.is_write:
                self._save(value)
        out = func(*args, **kwargs)
        self.calls.append((func, args, kwargs, out))
        given = {x.untyped_storage().data_ptr() for x in tensors((args, kwargs))}
        self.made |= {x.untyped_storage().data_ptr() for x in tensors(out)} - given
        return out

    def _save(self, value: Any) -> None:
        for x in tensors(value):
            storage = x.untyped_storage()
            if storage.data_ptr() not in self.made:
                self.changed.setdefault(storage.data_ptr(), (storage, storage.clone()))

    def undo(self) -> None:
        for storage, before in self.changed.values():
            storage.copy_(before)

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, out in self.calls:
            for old, new in zip(tensors(out), tensors(func(*args, **kwargs)), strict=True):
                if old.untyped_storage().data_ptr() != new.untyped_storage().data_ptr():
                    old.copy_(new)


class TapeBackend:
    """Captures on a CPU."""

    def warm_up(self, run: Callable[[], Any]) -> Any:
        return run()

    def capture(self, run: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
        tape = Tape()
        try:
            with tape:
                result = run()
        finally:
            tape.undo()
        return tape.replay, result
