"""A counter of operations and memory: of what torch runs while it is entered."""

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import flop_registry


class StepCounter(TorchDispatchMode):
    """Counts operations and the memory of tensors, on any device, including meta.

    Operations are those of convolutions and matrix products, forward and backward. torch's own FlopCounterMode refuses
    second gradients, which gradient penalties need.

    The memory follows each new storage until it is freed. Views share a storage and count once; what an autograd graph
    keeps for its backward pass counts until it is used. The workspace inside single operations, and what an allocator
    rounds up or caches, is not included.

    Attributes:
        operations: floating-point operations; a multiply-accumulate is two of them.
        live: bytes in use now.
        peak: most bytes in use at once since the mode was entered, or since ``reset_peak``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.live = self.peak = 0
        self._known: set[int] = set()

    def reset_peak(self) -> None:
        """Start a new peak at the bytes in use."""
        self.peak = self.live

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation; count it and its outputs."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.operations += count(*args, **(kwargs or {}), out_val=out)
        tree_map_only(Tensor, self._add, out)
        return out

    def _add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = id(storage), storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._remove, key, size).atexit = False

    def _remove(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.live -= size
