"""Does each output have the patches of its own paired truth, wherever they are?"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.metrics.base import MeanOverPairs, in_unit_range
from i2ikit.metrics.functional.sliced_wasserstein import (
    patches_at,
    random_directions,
    sample_positions,
    sliced_wasserstein,
)
from i2ikit.registry import METRICS


@METRICS.register_module()
class PairedPatchDistance(MeanOverPairs):
    """Mean over images of the sliced Wasserstein distance between the patches of an output and those of its truth.

    Where nothing in the input fixes the truth to the pixel, such as where on a zebra each stripe lies, PSNR and SSIM
    punish every stripe that is drawn: a flat gray scores better. Here both are sets of patches, so texture, contrast
    and color count, image by image, and the places within an image do not. Not published for this use.

    Args:
        patch: height and width of a patch in pixels, odd, >= 1.
        directions: number of random directions, >= 1.
        per_image: patches taken from an image, >= 1, and as many from its mask; output and truth at the same places.
        seed: of the random places and directions.

    Returns:
        from compute: "distance" in units of the pixels, values in 0..1; and where there are masks "distance_masked", of
        patches whose center is in the mask.

    Raises:
        ValueError: an argument is outside its range; compute before any update.
        MetricError: the test images are not pairs of one size.
        ShapeError: an image is smaller than a patch.
    Source:
        Rabin et al. 2011, "Wasserstein Barycenter and its Application to Texture Mixing", for the distance.
    """

    better: Mapping[str, str] = {"distance": "lower", "distance_masked": "lower"}

    def __init__(self, *, patch: int = 7, directions: int = 64, per_image: int = 512, seed: int = 0) -> None:
        if positive_int("patch", patch) % 2 == 0:
            raise ValueError(f"patch must be odd, so that it has a center, not {patch!r}")
        self.patch, self.seed = patch, seed
        self.directions = positive_int("directions", directions)
        self.per_image = positive_int("per_image", per_image)
        super().__init__()

    def protocol(self) -> dict[str, Any]:
        """Return what the numbers depend on."""
        return {name: getattr(self, name) for name in ("patch", "directions", "per_image", "seed")}

    def compare(self, output: Tensor, truth: Tensor, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the distances of a batch in -1..1."""
        pairs = list(zip(in_unit_range(output).cpu(), in_unit_range(truth).cpu(), strict=True))
        whole = torch.ones(output.shape[-2:], dtype=torch.bool)
        found = {"distance": torch.stack([self._distance(image, target, whole) for image, target in pairs])}
        if "mask" in sample:
            masks = sample["mask"].cpu()[:, 0] > 0.5
            inside = [self._distance(*pair, mask) for pair, mask in zip(pairs, masks, strict=True)]
            found["distance_masked"] = torch.stack(inside)
        return found

    def _distance(self, image: Tensor, target: Tensor, inside: Tensor) -> Tensor:
        """Return the distance of two images (C, H, W), NaN where no patch has its center inside."""
        draws = torch.Generator().manual_seed(self.seed)
        places = sample_positions(inside, self.patch, self.per_image, draws)
        if not len(places):
            return torch.tensor(torch.nan)
        ours, theirs = (patches_at(one, places, self.patch) for one in (image, target))
        return sliced_wasserstein(ours, theirs, random_directions(self.directions, ours.shape[1], draws))
