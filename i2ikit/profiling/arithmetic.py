"""Counts the arithmetic of what runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class Arithmetic(TorchDispatchMode):
    """Adds up the operations of convolutions and matrix products while it is entered, forward and backward.

    torch's own FlopCounterMode refuses second gradients, which gradient penalties need.

    Attributes:
        operations: floating-point operations; a multiply-accumulate is two of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation and count it."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.operations += count(*args, **(kwargs or {}), out_val=out)
        return out
