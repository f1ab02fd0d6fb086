import pytest
import torch
from i2ikit_unsb.chain import BridgeChain
from i2ikit_unsb.times import bridge_times
from i2ikit_unsb.views import BridgeStep, BridgeTime, ChannelStack

from i2ikit.translation import Progress, RandomStreams

PROGRESS = Progress(1, 1, 1, 1)


def test_times_begin_at_0_and_half_and_end_at_1():
    assert bridge_times(2) == [0, 0.5, 1]
    assert bridge_times(3) == pytest.approx([0, 0.5, 0.5 + 0.5 / 1.5, 1])


def test_chain_and_time_of_one_stream_have_one_length_which_is_uniform():
    lengths = []
    for step in range(1, 301):
        streams = RandomStreams(0, step)
        samples = [view.sample(streams.generator("view/time"), PROGRESS) for view in (BridgeChain(3), BridgeTime(3))]
        assert samples[0] == samples[1]
        lengths.append(samples[0])
    assert all(70 < lengths.count(length) < 130 for length in range(3))


def test_a_chain_of_no_steps_is_the_image():
    assert BridgeChain(5).unfold(("ab(b)", "2"), 0) == "ab(b)"


def test_a_fixed_chain_has_its_length_and_names_of_its_own():
    chain = BridgeChain(4, length=1, generator="g", latent="w", step="s")
    assert chain.sample(torch.Generator(), PROGRESS) == 1
    assert chain.unfold(("a", "0"), 1) == "s(a, g(a, w(0, 0)), 1)"


def test_the_last_step_arrives_at_the_generators_image_without_noise():
    x, made = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    assert BridgeStep(5)(x, made, 5.0, sample=1, expression="a").equal(made)


def test_a_step_goes_its_part_of_the_way_with_noise_of_its_deviation():
    x, made = torch.zeros(1, 3, 128, 128), torch.ones(1, 3, 128, 128)
    after = BridgeStep(3, tau=0.04)(x, made, 2.0, sample=1, expression="a")
    length = 0.5 / 1.5  # from 0.5 to 0.8333
    share = length / 0.5
    assert after.mean().item() == pytest.approx(share, abs=2e-3)
    assert after.std().item() == pytest.approx((length * (1 - share) * 0.04) ** 0.5, rel=0.02)


def test_noise_depends_on_expression_and_place():
    view, x = BridgeStep(3), torch.zeros(2, 3, 8, 8)
    of_a = view(x, x, 1.0, sample=1, expression="a, ab(a), 1")
    assert not of_a.equal(view(x, x, 1.0, sample=1, expression="b, ab(b), 1"))
    assert view(x[1:], x[1:], 1.0, sample=1, expression="a, ab(a), 1", first=1).equal(of_a[1:])


def test_channels_are_put_together_in_order():
    stacked = ChannelStack(3)(*(torch.full((1, 2, 1, 1), value) for value in (1.0, 2.0, 3.0)), sample=1, expression="")
    assert stacked.flatten().tolist() == [1, 1, 2, 2, 3, 3]
    assert ChannelStack(3).arguments == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BridgeChain(1), "steps must be at least 2, not 1"),
        (lambda: BridgeChain(3, length=3), r"length must be in 0\.\.2 for steps=3, not 3"),
        (lambda: BridgeStep(3, tau=0), "tau must be"),
        (lambda: ChannelStack(1), "images must be at least 2, not 1"),
    ],
)
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
