"""Peak signal-to-noise ratio of outputs against the paired truth, pixel by pixel."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from i2ikit.metrics.base import MeanOverImages, in_unit_range
from i2ikit.metrics.functional.image_quality import psnr
from i2ikit.registry import METRICS

MAXIMUM = 100.0  # dB, of equal images: a mean has to stay finite


@METRICS.register_module()
class PSNR(MeanOverImages):
    """Mean over images of the peak signal-to-noise ratio between output and paired truth, for values in 0..1.

    Equal images count as 100 dB.

    Returns:
        from compute: "db", and if there are masks "db_masked", inside them.

    Raises:
        MetricError: the test images are not pairs of one size.
        ValueError: compute before any update.

    Example:
        >>> metric = PSNR()
        >>> metric.update({"output": torch.full((1, 3, 4, 4), 0.2), "b": torch.zeros(1, 3, 4, 4)})
        >>> round(metric.compute()["db"], 3)
        20.0
    """

    better: ClassVar[Mapping[str, str]] = {"db": "higher", "db_masked": "higher"}
    needs_pairs = True

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the ratios of a batch; NaN where a mask is empty."""
        image, target = in_unit_range(sample["output"]), in_unit_range(sample["b"])
        found = {"db": psnr(image, target)}
        if "mask" in sample:
            found["db_masked"] = psnr(image, target, sample["mask"].to(image))
        return {name: values.clamp(max=MAXIMUM) for name, values in found.items()}
