"""The test transform against the published pipeline in torchvision's own words."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms as tv

from i2ikit.transforms.resize_to import ResizeTo


@pytest.mark.parametrize(("width", "height"), [(256, 256), (61, 97), (400, 120)])
def test_equals_the_published_test_pipeline_bit_for_bit(width: int, height: int) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))
    published = tv.Compose(
        [
            tv.Resize([256, 256], tv.InterpolationMode.BICUBIC),
            tv.ToTensor(),
            tv.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    assert torch.equal(ResizeTo(256)(image), published(image))


def test_draws_nothing() -> None:
    before = torch.get_rng_state()
    ResizeTo(8)(Image.new("RGB", (20, 10)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_size_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="crop_size must be a whole number above 0, not 0"):
        ResizeTo(0)
