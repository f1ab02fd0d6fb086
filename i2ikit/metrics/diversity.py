"""Distance of outputs from each other, relative to that of inputs: do different inputs give different outputs?"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.errors import MetricError
from i2ikit.metrics.base import Metric, in_unit_range
from i2ikit.registry import METRICS

THUMBNAIL = 32  # pixels; a difference at this size is more than noise


@METRICS.register_module()
class Diversity(Metric):
    """Root mean squared distance between outputs of different inputs, over all pairs, on thumbnails of 32 x 32.

    Returns:
        from compute: "outputs", in 0..1, and "ratio", the same divided by the value of the inputs. A ratio near 1 is
        normal; near 0 is mode collapse: every input gives the same output.

    Raises:
        MetricError: there are fewer than 2 samples, or all inputs are equal.

    Example:
        >>> inputs = torch.linspace(-1, 1, 4).view(4, 1, 1, 1).expand(4, 3, 8, 8)
        >>> metric = Diversity()
        >>> metric.update({"a": inputs, "output": inputs / 2})
        >>> round(metric.compute()["ratio"], 3)
        0.5
    """

    better: ClassVar[Mapping[str, str]] = {"outputs": "higher", "ratio": "higher"}

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._thumbnails: dict[str, list[Tensor]] = {"output": [], "a": []}

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "output" and, for the ratio, "a" (B, C, H, W) in -1..1."""
        for name, found in self._thumbnails.items():
            if name in sample:
                found.append(F.adaptive_avg_pool2d(in_unit_range(sample[name].cpu()), THUMBNAIL).flatten(1))

    def compute(self) -> dict[str, float]:
        """Return the distances over all samples since the last reset."""
        outputs = _mean_distance(self._thumbnails["output"])
        if not self._thumbnails["a"]:
            return {"outputs": outputs}
        inputs = _mean_distance(self._thumbnails["a"])
        if not inputs:
            raise MetricError("Diversity needs different inputs, but all of these are equal")
        return {"outputs": outputs, "ratio": outputs / inputs}


def _mean_distance(batches: list[Tensor]) -> float:
    """Return the root mean squared difference of two rows; its square, over all pairs, is twice the variance."""
    if sum(map(len, batches)) < 2:
        raise MetricError("Diversity needs at least 2 images to compare")
    return (2 * torch.cat(batches).double().var(dim=0).mean()).sqrt().item()
