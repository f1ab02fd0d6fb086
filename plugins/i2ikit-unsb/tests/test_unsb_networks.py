import math

import pytest
import torch
import torch.nn.functional as F
from i2ikit_unsb.discriminator import TimePatchGANDiscriminator, time_embedding
from i2ikit_unsb.generator import BridgeGenerator, StyleBlock, StyleMLP

from i2ikit.discriminators import PatchGANDiscriminator
from i2ikit.errors import ShapeError


def generator():
    torch.manual_seed(0)
    return BridgeGenerator(filters=4, blocks=2, init="kaiming")


def image(images=2):
    return torch.rand(images, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_published_sizes_less_what_never_acts():
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in BridgeGenerator().parameters())
        energy = sum(parameter.numel() for parameter in TimePatchGANDiscriminator(in_channels=12).parameters())
    assert count == 14_684_419 - 7_169_536
    later = 256 * (128 + 256 + 512) + (128 + 256 + 512)  # layers of the time before an instance norm
    assert energy == 3_152_257 - later


def test_the_length_of_a_latent_makes_no_difference_but_its_direction_does():
    net, x, z = generator(), image(), torch.randn(2, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(net(x, 5 * z), net(x, z))
    assert not torch.allclose(net(x, -z), net(x, z), atol=1e-3)


def test_each_image_has_its_own_latent():
    net, x, z = generator(), image(), torch.randn(2, 16, generator=torch.Generator().manual_seed(1))
    for index in range(2):
        own = slice(index, index + 1)
        torch.testing.assert_close(net(x[own], z[own]), net(x, z)[own])


def test_a_style_is_a_chain_of_linear_layers_of_the_unit_latent():
    mlp, z = StyleMLP(4, 2).double(), torch.tensor([[1.0, -1.0, 3.0, 1.0]]).double()
    expected = z / 3**0.5  # mean square (1 + 1 + 9 + 1) / 4
    for layer in (mlp.layers[0], mlp.layers[2]):
        expected = F.leaky_relu(layer(expected), 0.2)
    torch.testing.assert_close(mlp(z), expected, rtol=1e-6, atol=0)


def test_a_block_is_that_of_the_formula():
    block, x, style = StyleBlock(4, 3).double(), torch.randn(2, 4, 5, 5).double(), torch.randn(2, 3).double()
    scale, shift = block.fc(style)[:, :4, None, None], block.fc(style)[:, 4:, None, None]
    inner = F.relu(scale * F.instance_norm(x) + shift)
    torch.testing.assert_close(block(x, style), x + F.instance_norm(block.change.conv(inner)))


def test_an_early_tap_needs_no_style():
    net = generator()
    net.trace(image(), ["down2"], torch.zeros(2, 16))["down2"].sum().backward()
    assert all(parameter.grad is None for parameter in net.style.parameters())


def test_taps_have_the_channels_that_widths_states():
    net, z = generator(), torch.zeros(2, 16)
    names = [*net.tap_names, *net.inner_tap_names]
    assert net.widths(names) == [x.shape[1] for x in map(net.trace(image(), names, z).get, names)]


def test_a_generator_without_a_latent_says_what_it_needs():
    with pytest.raises(ValueError, match="needs its input 'z', a vector"):
        generator()(image())


@pytest.mark.parametrize("width", [8, 9])
def test_the_embedding_is_sines_and_cosines_of_a_loop(width):
    found = time_embedding(torch.tensor([0.0, 3.0], dtype=torch.float64), width)
    assert found.shape == (2, width)
    for i in range(4):
        angle = 3 * 10_000 ** (-i / 3)
        assert found[1, i].item() == pytest.approx(math.sin(angle))
        assert found[1, 4 + i].item() == pytest.approx(math.cos(angle))
    assert found[0].tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * (width % 2)


def test_without_its_time_the_discriminator_is_a_patchgan():
    torch.manual_seed(0)
    timed, plain = TimePatchGANDiscriminator(filters=4), PatchGANDiscriminator(filters=4)
    plain.load_state_dict({key: value for key, value in timed.state_dict().items() if key.startswith("stages")})
    x = torch.rand(2, 3, 32, 32)
    for parameter in timed.add.parameters():
        torch.nn.init.zeros_(parameter)
    torch.testing.assert_close(timed(x, torch.tensor([0.0, 2.0])), plain(x))


def test_the_time_changes_the_logits_of_its_own_image():
    torch.manual_seed(0)
    net, x = TimePatchGANDiscriminator(filters=4, init_gain=1.0), torch.rand(1, 3, 32, 32).expand(2, -1, -1, -1)
    first, second = net(x, torch.tensor([1.0, 3.0]))
    assert not torch.allclose(first, second, atol=1e-4)
    torch.testing.assert_close(net(x[:1], torch.tensor([3.0]))[0], second)


def test_images_of_other_channels_are_refused():
    with pytest.raises(ShapeError, match="TimePatchGANDiscriminator"):
        TimePatchGANDiscriminator(filters=4)(torch.zeros(1, 4, 32, 32), torch.zeros(1))
