import pytest
import torch
from i2ikit_santa.decoder import AdaIN, AdaINBlock, PathDecoder
from i2ikit_santa.encoder import LatentEncoder
from torch import nn

from i2ikit.errors import ShapeError
from i2ikit.generators import ResNetGenerator


def latent(images=2):
    return torch.randn(images, 16, 4, 4, generator=torch.Generator().manual_seed(0))


def decoder(**changes):
    torch.manual_seed(0)
    return PathDecoder(**{"filters": 4, "blocks": 2, "style": 3, "init": "kaiming"} | changes)


def test_the_published_sizes():
    with torch.device("meta"):
        counts = [sum(p.numel() for p in net.parameters()) for net in (LatentEncoder(), PathDecoder())]
    assert counts == [5_099_136, 6_328_579 + 16]


def test_the_encoder_is_the_first_half_of_a_resnet_generator():
    torch.manual_seed(0)
    encoder, whole = LatentEncoder(filters=4, blocks=2), ResNetGenerator(filters=4, blocks=5)
    whole.load_state_dict(encoder.state_dict(), strict=False)
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(encoder(x), whole.trace(x, ["block2"])["block2"])


def test_adain_scales_and_shifts_by_linear_functions_of_the_style():
    layer, x, style = AdaIN(4, 3).double(), latent()[:, :4].double(), torch.randn(2, 3).double()
    scale, shift = layer.fc(style).chunk(2, dim=1)
    normed = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(layer(x, style), (1 + scale)[..., None, None] * normed + shift[..., None, None])


def test_a_block_adds_to_its_input_without_an_activation_after_the_sum():
    block, x = AdaINBlock(16, 3), latent()
    nn.init.zeros_(block.conv2.weight)
    nn.init.zeros_(block.conv2.bias)
    nn.init.zeros_(block.norm2.fc.weight)
    nn.init.zeros_(block.norm2.fc.bias)
    assert block(x, torch.zeros(2, 3)).equal(x)


def test_the_style_is_linear_in_the_position_and_each_image_has_its_own():
    net, x = decoder(), latent()
    positions = torch.tensor([0.0, 0.25])
    together = net(x, positions)
    for image in range(2):
        torch.testing.assert_close(together[image : image + 1], net(x[image : image + 1], positions[image : image + 1]))
    torch.testing.assert_close(net._style(positions)[1], 0.75 * net.styles[0] + 0.25 * net.styles[1])


def test_the_end_of_the_path_is_the_default_and_the_start_is_another_image():
    net, x = decoder(), latent()
    assert net(x).equal(net(x, torch.ones(2)))
    assert not torch.allclose(net(x), net(x, torch.zeros(2)), atol=1e-3)


def test_a_style_of_width_one_is_the_position():
    net = decoder(style=1)
    assert net.styles is None
    assert net._style(torch.tensor([0.5])).tolist() == [[0.5]]


@pytest.mark.parametrize("antialias", [True, False])
def test_taps_have_the_channels_that_widths_states(antialias):
    net = decoder(antialias=antialias)
    names = [*net.tap_names, *net.inner_tap_names]
    assert net.widths(names) == [x.shape[1] for x in map(net.trace(latent(), names).get, names)]
    taps = net.trace(latent(), ["last", "out"])
    torch.testing.assert_close(taps["out"], torch.tanh(taps["last"]))
    assert taps["out"].shape == (2, 3, 16, 16)


def test_wrong_arguments_and_inputs_are_named():
    with pytest.raises(ValueError, match="style must be an integer"):
        decoder(style=0)
    with pytest.raises(ShapeError, match=r"input 'd' is a scalar"):
        decoder()(latent(), torch.zeros(2, 1))
