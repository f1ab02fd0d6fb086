import pytest
import torch
from torch import Tensor

from i2ikit.errors import ShapeError
from i2ikit.metrics.paired_patch_distance import PairedPatchDistance
from i2ikit.metrics.psnr import PSNR


def stripes(shift: int, size: int = 32) -> Tensor:
    """One gray image of upright stripes, four pixels each."""
    return (((torch.arange(size) + shift) // 4 % 2) * 2.0 - 1).expand(1, 1, size, size)


def measured(output: Tensor, truth: Tensor, mask: Tensor | None = None, **options: int) -> dict[str, float]:
    metric = PairedPatchDistance(**options)
    metric.update({"output": output, "b": truth, **({} if mask is None else {"mask": mask})})
    return metric.compute()


def test_the_truth_itself_has_no_distance():
    assert measured(stripes(0), stripes(0)) == {"distance": 0}


def test_single_pixels_of_black_and_white_are_one_apart():
    flat = torch.ones(2, 1, 8, 8)
    assert measured(-flat, flat, patch=1)["distance"] == pytest.approx(1)


def test_stripes_elsewhere_are_nearer_than_gray_though_gray_has_the_better_psnr():
    truth, shifted, gray = stripes(0), stripes(4), torch.zeros(1, 1, 32, 32)
    assert measured(shifted, truth)["distance"] < 0.3 * measured(gray, truth)["distance"]
    scores = []
    for output in (shifted, gray):
        psnr = PSNR()
        psnr.update({"output": output, "b": truth})
        scores.append(psnr.compute()["db"])
    assert scores[1] > scores[0] + 5


def test_another_image_s_truth_does_not_help():
    black, white = -torch.ones(1, 1, 16, 16), torch.ones(1, 1, 16, 16)
    both = torch.cat([black, white])
    assert measured(both, both)["distance"] == 0
    assert measured(both, both.flip(0))["distance"] > 0.5


def test_only_patches_centered_in_the_mask_count_inside_and_an_empty_mask_counts_for_nothing():
    truth, output = torch.zeros(2, 1, 16, 16), torch.zeros(2, 1, 16, 16)
    output[0, :, :, 8:] = 1  # wrong on the right of the first image only
    left, empty = torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
    left[..., :5] = 1
    found = measured(output, truth, torch.cat([left, empty]), patch=3)
    assert found["distance_masked"] == 0
    assert found["distance"] > 0


def test_images_that_are_too_small_and_even_patches_are_refused():
    with pytest.raises(ShapeError, match="patches of 7x7 do not fit"):
        measured(torch.zeros(1, 1, 5, 5), torch.zeros(1, 1, 5, 5))
    with pytest.raises(ValueError, match="patch must be odd"):
        PairedPatchDistance(patch=4)


def test_the_protocol_has_what_the_values_depend_on():
    assert PairedPatchDistance(patch=3).protocol() == {"patch": 3, "directions": 64, "per_image": 512, "seed": 0}
