import pytest
import torch
from i2ikit_attention.attention_gan import AttentionGenerator
from torch import nn

from i2ikit.errors import ShapeError
from i2ikit.nn.recompute import checkpoint_activations


def small(**changes):
    torch.manual_seed(0)
    return AttentionGenerator(**{"filters": 4, "blocks": 1, "masks": 3, "init": "kaiming"} | changes)


def image(channels=3):
    return torch.rand(2, channels, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("input_skip", [True, False])
def test_the_output_is_the_sum_of_images_and_input_under_their_masks(input_skip):
    net, x = small(input_skip=input_skip), image()
    taps = net.trace(x, ["up2", "masks", "out"])
    made = net.stages.out(taps["up2"])
    expected = taps["masks"][:, 2:] * x
    for number in range(2):
        content = made[:, 3 * number : 3 * number + 3] + (torch.atanh(0.97 * x) if input_skip else 0)
        expected = expected + taps["masks"][:, number : number + 1] * torch.tanh(content)
    torch.testing.assert_close(taps["out"], expected)


def test_masks_sum_to_one_and_mask_is_all_but_the_background():
    taps = small().trace(image(), ["masks", "mask"])
    torch.testing.assert_close(taps["masks"].sum(1), torch.ones(2, 16, 16))
    torch.testing.assert_close(taps["mask"], taps["masks"][:, :2].sum(1, keepdim=True))


def test_the_input_is_kept_where_the_background_has_all_the_weight():
    net, x = small(), image()
    nn.init.zeros_(net.stages.masks.conv.weight)
    net.stages.masks.conv.bias.data = torch.tensor([-100.0, -100.0, 100.0])
    assert net(x).equal(x)


def test_both_decoders_start_from_the_last_block():
    net = small()
    net.trace(image(), ["masks"])["masks"].square().sum().backward()
    graded = {name.split(".")[1] for name, parameter in net.named_parameters() if parameter.grad is not None}
    assert {"block1", "masks"} <= graded
    assert not graded & {"up1", "up2", "out"}


def test_taps_have_the_channels_that_widths_states():
    net = small()
    names = [*net.tap_names, *net.inner_tap_names]
    assert net.widths(names) == [x.shape[1] for x in map(net.trace(image(1 * 3), names).get, names)]


def test_a_published_net_has_two_decoders_of_cyclegans_size():
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in AttentionGenerator().parameters())
    # CycleGAN's 11,378,179 with 27 instead of 3 channels out, and a second decoder with 10
    last, up = 64 * 49, 256 * 128 * 9 + 128 + 128 * 64 * 9 + 64
    assert count == 11_378_179 + 24 * (last + 1) + up + 10 * (last + 1)


def test_gradients_are_those_without_recomputation():
    plain, lean = small(), small()
    checkpoint_activations(lean)
    for net in (plain, lean):
        net(image()).square().sum().backward()
    for ours, theirs in zip(plain.parameters(), lean.parameters(), strict=True):
        assert ours.grad.equal(theirs.grad)


@pytest.mark.parametrize(
    ("wrong", "message"), [({"masks": 1}, "masks must be at least 2"), ({"filters": 0}, "filters must be an integer")]
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        small(**wrong)


def test_an_image_of_other_channels_is_refused():
    with pytest.raises(ShapeError, match="AttentionGenerator"):
        small()(torch.zeros(1, 1, 16, 16))
