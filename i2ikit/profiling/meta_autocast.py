"""Autocast for tensors on the meta device."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

CONVOLUTIONS = "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"
PRODUCTS = "linear bilinear matmul __matmul__ __rmatmul__ mm bmm mv addmm baddbmm einsum"
LOWERED = frozenset(f"{CONVOLUTIONS} {PRODUCTS}".split())  # Python names of what torch.autocast runs in low precision


class MetaAutocast(TorchFunctionMode):
    """Casts the arguments of convolutions and matrix products as torch.autocast does, which ignores meta tensors.

    Weights are cast once and kept until the mode is left. Padding keeps its type, as in i2ikit.ops.fast_operations.

    Args:
        dtype: low precision, torch.bfloat16 or torch.float16.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self._weights: dict[int, Tensor] = {}

    def __torch_function__(
        self, func: Any, types: Iterable[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call one function; cast its arguments if torch.autocast does."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in LOWERED:
            args, kwargs = tree_map_only(Tensor, self._lower, (tuple(args), dict(kwargs)))
        return func(*args, **kwargs)

    def __exit__(self, *error: Any) -> None:
        """Leave the mode and drop the cast weights."""
        self._weights.clear()
        super().__exit__(*error)

    def _lower(self, tensor: Tensor) -> Tensor:
        if tensor.dtype is not torch.float32:
            return tensor
        if not isinstance(tensor, nn.Parameter):
            return tensor.to(self.dtype)
        if id(tensor) not in self._weights or self._weights[id(tensor)].requires_grad != tensor.requires_grad:
            self._weights[id(tensor)] = tensor.to(self.dtype)
        return self._weights[id(tensor)]
