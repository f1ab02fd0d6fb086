"""Sliced Wasserstein distance between the patches of each output and those of its own paired truth."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from i2ikit.metrics.base import MeanOverImages, in_unit_range
from i2ikit.metrics.functional.sliced_wasserstein import PatchSampling, patches_at
from i2ikit.registry import METRICS


@METRICS.register_module()
class PairedPatchDistance(MeanOverImages):
    """Mean over images of the sliced Wasserstein distance between the patches of an output and those of its truth.

    Where the input does not fix the truth to the pixel, such as the positions of a zebra's stripes, PSNR and SSIM
    penalize every stripe: flat gray scores better. This metric compares sets of patches, so texture, contrast and color
    count for each image, and positions within an image do not. Not published for this use.

    Args:
        patch: height and width of a patch in pixels, odd, >= 1.
        directions: number of random directions, >= 1.
        per_image: patches per image, >= 1, and as many from its mask; at the same positions in output and truth.
        seed: of the random positions and directions.

    Returns:
        from compute: "distance" in units of the pixels, values in 0..1; and if there are masks "distance_masked", of
        patches whose center is in the mask.

    Raises:
        ValueError: an argument is out of range; compute before any update.
        MetricError: the test images are not pairs of one size.
        ShapeError: an image is smaller than a patch.
    Source:
        Rabin et al. 2011, "Wasserstein Barycenter and its Application to Texture Mixing", for the distance.

    Example:
        >>> stripes = (torch.arange(32) // 4 % 2 * 2.0 - 1).expand(1, 1, 32, 32)
        >>> metric = PairedPatchDistance()
        >>> metric.update({"output": stripes, "b": stripes})
        >>> metric.compute()
        {'distance': 0.0}
    """

    better: ClassVar[Mapping[str, str]] = {"distance": "lower", "distance_masked": "lower"}
    needs_pairs = True

    def __init__(self, *, patch: int = 7, directions: int = 64, per_image: int = 512, seed: int = 0) -> None:
        self.sampling = PatchSampling(patch, directions, per_image, seed)
        super().__init__()

    def protocol(self) -> dict[str, Any]:
        """Return what the values depend on."""
        return vars(self.sampling)

    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the distances of a batch."""
        pairs = list(zip(in_unit_range(sample["output"]).cpu(), in_unit_range(sample["b"]).cpu(), strict=True))
        everywhere = torch.ones(sample["b"].shape[-2:], dtype=torch.bool)
        found = {"distance": torch.stack([self._distance(image, target, everywhere) for image, target in pairs])}
        if "mask" in sample:
            masks = sample["mask"].cpu()[:, 0] > 0.5
            inside = [self._distance(image, target, mask) for (image, target), mask in zip(pairs, masks, strict=True)]
            found["distance_masked"] = torch.stack(inside)
        return found

    def _distance(self, image: Tensor, target: Tensor, inside: Tensor) -> Tensor:
        """Return the distance of two images (C, H, W), NaN if no patch has its center inside."""
        random = self.sampling.generator()
        positions = self.sampling.positions(inside, random)
        if not len(positions):
            return torch.tensor(torch.nan)
        output, truth = (patches_at(each, positions, self.sampling.patch) for each in (image, target))
        return self.sampling.distance(output, truth, random)
