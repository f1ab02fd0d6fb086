"""Negatives from other images: the keys of earlier steps."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.checks import MOST_LAYERS, positive_int
from i2ikit.distributed import processes
from i2ikit.errors import ShapeError
from i2ikit.interfaces import Negatives, StepReader
from i2ikit.registry import NEGATIVES


@NEGATIVES.register_module()
class MemoryBank(nn.Module):
    """The last ``size`` keys of each layer, of this and earlier steps' images, instead of the same image's.

    It begins with random directions. A step is contrasted with the bank as it was before the step, in all of its
    batches; then its keys replace the oldest. Keys stay comparable over many steps where they come from a moving
    average of generator and head (the model's ``averages``). The bank is saved with the model and holds the keys of
    all processes.

    Args:
        layers: layers of the term, >= 1.
        dim: width of an embedding, >= 1.
        size: keys per layer, >= 1.
    Shape:
        query, key: (B, S, D); the negatives are (size, D).

    Raises:
        ShapeError: the keys have another width than ``dim``, or there are more layers than ``layers``.
    Source:
        He et al. 2020 (MoCo), arXiv:1911.05722, section 3.2; the "external" negatives in the ablation of Park et al.
        2020 (CUT), arXiv:2007.15651, section 4.2.
    Example:
        >>> from types import SimpleNamespace
        >>> step = SimpleNamespace(progress=SimpleNamespace(step=1))
        >>> bank = MemoryBank(layers=1, dim=4, size=32)
        >>> bank(step, torch.zeros(2, 8, 4), torch.zeros(2, 8, 4), 0).keys.shape
        torch.Size([32, 4])
    """

    rows: Tensor
    oldest: Tensor

    def __init__(self, layers: int, dim: int = 256, *, size: int = 4096) -> None:
        super().__init__()
        self.layers, self.dim = positive_int("layers", layers, most=MOST_LAYERS), positive_int("dim", dim)
        self.size = positive_int("size", size)
        self.register_buffer("rows", F.normalize(torch.randn(layers, size, dim), dim=-1))
        self.register_buffer("oldest", torch.zeros(layers, dtype=torch.int64))
        self._before: dict[int, tuple[int, Tensor]] = {}  # by layer: the running step, and the rows before it

    def forward(self, step: StepReader, query: Tensor, key: Tensor, layer: int) -> Negatives:
        """Return the bank of one layer as it was, and add the keys."""
        if layer >= self.layers or key.shape[-1] != self.dim:
            raise ShapeError(
                f"MemoryBank(layers={self.layers}, dim={self.dim}) got keys {tuple(key.shape)} of layer {layer + 1}"
            )
        before = self._rows_before(step.progress.step, layer)
        new = processes.gather(key.detach()).flatten(0, 1)[-self.size :].to(self.rows)
        rows = (self.oldest[layer] + torch.arange(len(new), device=new.device)) % self.size
        self.rows[layer, rows] = new
        self.oldest[layer] = (self.oldest[layer] + len(new)) % self.size
        return Negatives(keys=before.to(query))

    def _rows_before(self, step: int, layer: int) -> Tensor:
        """Return a copy of a layer's rows as they were before a step: the first of its batches changes them."""
        if layer not in self._before or self._before[layer][0] != step:
            self._before[layer] = (step, self.rows[layer].clone())
        return self._before[layer][1]
