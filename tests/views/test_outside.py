import torch

from i2ikit.views.outside import Outside


def test_mask_and_complement_are_one():
    mask = torch.rand(2, 1, 4, 4)
    view = Outside()
    assert torch.allclose(view(mask, sample=True, expression="a_mask") + mask, torch.ones(1))
