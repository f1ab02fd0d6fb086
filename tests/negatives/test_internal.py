import pytest
import torch
import torch.nn.functional as F

from i2ikit.losses.patch_nce import PatchNCELoss
from i2ikit.negatives.internal import WholeBatch, WithinImage
from i2ikit.registry import NEGATIVES

ROWS = F.normalize(torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64), dim=-1)


def test_within_the_image_a_query_is_contrasted_with_the_same_images_places():
    negatives = WithinImage()(None, ROWS, ROWS, 0)
    together = PatchNCELoss()(ROWS, ROWS, negatives)
    alone = torch.stack([PatchNCELoss()(row[None], row[None], negatives) for row in ROWS]).mean()
    torch.testing.assert_close(together, alone)


def test_in_the_whole_batch_images_are_contrasted_with_each_other():
    negatives = WholeBatch()(None, ROWS, ROWS, 0)
    as_one = ROWS.reshape(1, 6, 4)
    torch.testing.assert_close(PatchNCELoss()(ROWS, ROWS, negatives), PatchNCELoss()(as_one, as_one))


@pytest.mark.parametrize("negatives", [WithinImage, WholeBatch])
def test_every_layer_is_treated_alike(negatives):
    assert NEGATIVES.get(negatives.__name__) is negatives
    assert negatives()(None, ROWS, ROWS, 0) == negatives()(None, ROWS, ROWS, 7)
