"""How far are outputs from the paired truth, pixel by pixel?"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.metrics.base import MeanOverPairs, in_unit_range
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.registry import METRICS

MOST = 100.0  # dB, of equal images: a mean has to stay finite


@METRICS.register_module()
class PSNR(MeanOverPairs):
    """Mean over images of the peak signal-to-noise ratio between output and paired truth, for values in 0..1.

    Equal images count as 100 dB.

    Returns:
        from compute: "db", and where there are masks "db_masked", inside of them.

    Raises:
        MetricError: the test images are not pairs of one size.
        ValueError: compute before any update.
    """

    better: Mapping[str, str] = {"db": "higher", "db_masked": "higher"}

    def compare(self, output: Tensor, truth: Tensor, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the ratios of a batch in -1..1."""
        image, target = in_unit_range(output), in_unit_range(truth)
        found = {"db": psnr(image, target)}
        if "mask" in sample:
            found["db_masked"] = psnr(image, target, sample["mask"].to(image))
        return {name: torch.where(values.isnan(), values, values.clamp(max=MOST)) for name, values in found.items()}
