"""Do different inputs give different outputs? How far outputs differ among themselves, against inputs."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from i2ikit.errors import MetricError
from i2ikit.metrics.base import in_unit_range
from i2ikit.registry import METRICS

THUMBNAIL = 32  # pixels; what differs at this size is more than noise


@METRICS.register_module()
class Diversity:
    """Root mean squared distance between two outputs of different inputs, all pairs, on thumbnails of 32 x 32.

    Returns:
        from compute: "outputs", in 0..1, and "ratio", divided by the same number of the inputs: near 1 is as it should
        be, near 0 is a collapse: whatever comes in, the same image comes out.

    Raises:
        MetricError: there are fewer than 2 samples, or all inputs are the same.
    """

    better: Mapping[str, str] = {"outputs": "higher", "ratio": "higher"}

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._thumbnails: dict[str, list[Tensor]] = {"output": [], "a": []}

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "output" and, for the ratio, "a" (B, C, H, W) in -1..1."""
        for name, found in self._thumbnails.items():
            if name in sample:
                image = in_unit_range(sample[name].detach().float().cpu())
                found.append(F.adaptive_avg_pool2d(image, THUMBNAIL).flatten(1))

    def compute(self) -> dict[str, float]:
        """Return the distances over all samples since the last reset."""
        outputs = _mean_distance(self._thumbnails["output"])
        if not self._thumbnails["a"]:
            return {"outputs": outputs}
        inputs = _mean_distance(self._thumbnails["a"])
        if not inputs:
            raise MetricError("Diversity needs different inputs; all of these are one image")
        return {"outputs": outputs, "ratio": outputs / inputs}


def _mean_distance(batches: list[Tensor]) -> float:
    """Return the root mean squared difference of two different rows: of all pairs it is twice the variance."""
    if sum(map(len, batches)) < 2:
        raise MetricError("Diversity needs at least 2 images to compare")
    return (2 * torch.cat(batches).double().var(dim=0).mean()).sqrt().item()
