"""Counts the memory that tensors hold."""

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only


class LiveBytes(TorchDispatchMode):
    """Follows every storage that is made while it is entered until it is freed, on any device, meta too.

    Views share a storage and count once; what an autograd graph keeps for its backward pass counts until it is used.
    Left out are the work space inside single operations and what an allocator rounds up or holds back.

    Attributes:
        live: bytes that are held now.
        peak: the most bytes that were held at once since the mode, or ``restart``, began.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._known: set[int] = set()

    def restart(self) -> None:
        """Begin to look for the peak anew."""
        self.peak = self.live

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation and note what it made."""
        out = func(*args, **(kwargs or {}))
        tree_map_only(Tensor, self._note, out)
        return out

    def _note(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = id(storage), storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._forget, key, size).atexit = False

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.live -= size
