import torch

from i2ikit.views.times import Times


def test_a_mask_of_one_channel_keeps_what_is_inside_and_its_gradient():
    image = torch.rand(2, 3, 4, 4, requires_grad=True)
    mask = (torch.rand(2, 1, 4, 4) > 0.5).float()
    view = Times()
    found = view(image, mask, sample=True, expression="a, a_mask")
    assert torch.equal(found, torch.where(mask > 0, image, 0.0))
    found.sum().backward()
    assert torch.equal(image.grad, mask.expand(2, 3, 4, 4))
