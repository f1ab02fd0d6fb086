import pytest
import torch
import torch.nn.functional as F
from i2ikit_attention.ugatit import ILN, AdaLINBlock, AffineILN, ClassActivation, UGATITGenerator
from torch import nn


def small():
    torch.manual_seed(0)
    return UGATITGenerator(filters=4, blocks=1)


def feature(seed=0):
    return torch.randn(2, 4, 5, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("rho", "axes"), [(1.0, (2, 3)), (0.0, (1, 2, 3)), (-0.3, (1, 2, 3)), (1.4, (2, 3))])
def test_rho_mixes_instance_and_layer_norm_and_is_clamped(rho, axes):
    x = feature()
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, keepdim=True, correction=0)
    torch.testing.assert_close(ILN(4, rho).double()(x), (x - mean) / (variance + 1e-5).sqrt())


def test_half_of_each_is_their_mean():
    x = feature()
    expected = (ILN(4, 0.0).double()(x) + ILN(4, 1.0).double()(x)) / 2
    torch.testing.assert_close(ILN(4, 0.5).double()(x), expected)


def test_the_affine_norm_starts_as_a_layer_norm():
    norm, x = AffineILN(4).double(), feature()
    torch.testing.assert_close(norm(x), F.group_norm(x, 1))
    nn.init.constant_(norm.beta, 2.0)
    torch.testing.assert_close(norm(x), F.group_norm(x, 1) + 2)


def test_gamma_and_beta_scale_and_shift_both_norms_of_a_block():
    block, x = AdaLINBlock(4).double(), feature()
    zero, one = torch.zeros(2, 4, 1, 1).double(), torch.ones(2, 4, 1, 1).double()
    torch.testing.assert_close(block(x, zero, one), x + 1)  # nothing but the shift is left
    inner = F.relu(block.norm1(block.conv1(x)))
    torch.testing.assert_close(block(x, one, zero), x + block.norm2(block.conv2(inner)))


def test_the_classifier_sees_means_and_largest_values_and_its_weights_are_the_attention():
    classifier, x = ClassActivation(4).double(), feature()
    logits = classifier(x)
    torch.testing.assert_close(logits[:, 0, 0], x.mean((2, 3)) @ classifier.mean.weight[0][:, None])
    torch.testing.assert_close(logits[:, 1, 0], x.amax((2, 3)) @ classifier.largest.weight[0][:, None])
    weighed = classifier.weigh(x)
    torch.testing.assert_close(weighed[:, 1], x[:, 1] * classifier.mean.weight[0, 1])
    torch.testing.assert_close(weighed[:, 6], x[:, 2] * classifier.largest.weight[0, 2])


def test_the_classifier_steers_the_image():
    net = small()
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    before = net(x)
    net.stages.cam.mean.weight.data *= -1
    assert not torch.allclose(net(x), before)
    net(x).square().sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_the_classifier_alone_needs_no_decoder():
    net = small()
    net.trace(torch.rand(1, 3, 16, 16), ["cam"])["cam"].sum().backward()
    graded = {name.split(".")[1] for name, parameter in net.named_parameters() if parameter.grad is not None}
    assert graded == {"stem", "down1_conv", "down2_conv", "block1", "cam"}


def test_taps_have_the_channels_that_widths_states():
    net = small()
    names = [*net.tap_names, *net.inner_tap_names]
    assert net.widths(names) == [x.shape[1] for x in map(net.trace(torch.rand(1, 3, 16, 16), names).get, names)]
