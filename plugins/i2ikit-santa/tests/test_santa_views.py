import pytest
import torch
from i2ikit_santa.views import GaussianNoise, PathEnd

from i2ikit.translation import Progress, RandomStreams

PROGRESS = Progress(1, 1, 1, 1)


def ends(interval, count=200):
    like, stream = torch.zeros(count, 3, 8, 8), RandomStreams(0, 1)
    views = (PathEnd(side, interval) for side in ("far", "near"))
    return [
        view(like, sample=view.sample(stream.generator("view/path"), PROGRESS), expression="", first=0)
        for view in views
    ]


def test_ends_of_one_stream_belong_to_one_piece():
    far, near = ends((0.1, 0.3))
    inside = (far < 1) & (near > 0)
    u = (far - near)[inside] / 2
    assert inside.any()
    assert (u >= 0.1 - 1e-6).all()
    assert (u <= 0.3 + 1e-6).all()
    assert u.max() - u.min() > 0.1  # each image has its own
    assert (far <= 1).all()
    assert (near >= 0).all()
    assert (far == 1).any()
    assert (near == 0).any()


def test_a_fixed_length_is_kept():
    far, near = ends((0.2, 0.2))
    inside = (far < 1) & (near > 0)
    torch.testing.assert_close((far - near)[inside], torch.full_like(far[inside], 0.4))


def test_noise_has_its_deviation_and_depends_on_expression_and_place():
    view, x = GaussianNoise(0.5), torch.zeros(2, 4, 32, 32)
    sample = view.sample(torch.Generator().manual_seed(0), PROGRESS)
    noise = view(x, sample=sample, expression="enc(a)")
    assert noise.std().item() == pytest.approx(0.5, abs=0.02)
    assert not noise[0].equal(noise[1])
    assert not view(x, sample=sample, expression="enc(b)").equal(noise)
    assert view(x[1:], sample=sample, expression="enc(a)", first=1).equal(noise[1:])


def test_noise_passes_gradient_on_and_none_at_all_is_the_image_itself():
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    GaussianNoise()(x, sample=1, expression="a").sum().backward()
    assert x.grad.eq(1).all()
    assert GaussianNoise(0).sample(torch.Generator(), PROGRESS) is None


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="std must be at least 0"):
        GaussianNoise(-1)
    with pytest.raises(ValueError, match="side"):
        PathEnd("middle")
    with pytest.raises(ValueError, match="interval must be the smallest and the largest u"):
        PathEnd("far", (0.2, 0.1))
