from itertools import count

import pytest
import torch

from i2ikit.interfaces.progress import Progress
from i2ikit.views import ADA

STEPS = count(1)


def adapted(view: ADA, value: float, steps: int, batches: int = 1) -> float:
    """Return the probability of the next step; its logits have not been seen."""
    for _ in range(steps):
        progress = Progress(1, next(STEPS), 1, 1)
        for _ in range(batches):
            view.sample(torch.Generator(), progress)
        for _ in range(batches):
            view.observe([torch.full((2 // batches, 1, 3, 3), value), torch.full((2 // batches, 1, 1, 1), value)])
    other = ADA(images=view.images, interval=view.interval)
    other.load_state_dict(view.state_dict())
    other.sample(torch.Generator(), Progress(1, next(STEPS), 1, 1))
    return float(other.probability)


def test_without_probability_an_image_stays_as_it_is():
    x = torch.rand(3, 3, 8, 8) * 2 - 1
    torch.testing.assert_close(ADA()(x, sample=0, expression="b"), x)


def test_each_image_has_changes_of_its_own_that_depend_on_its_position_alone():
    view, x = ADA(start=1.0), torch.rand(1, 3, 16, 16).expand(4, 3, 16, 16)
    whole = view(x, sample=5, expression="b")
    torch.testing.assert_close(view(x[2:], sample=5, expression="b", first=2), whole[2:])
    assert (whole[1:] - whole[:-1]).abs().amax((1, 2, 3)).min() > 0.01
    assert torch.isfinite(whole).all()


def test_a_share_of_the_images_is_changed():
    x = torch.rand(1, 3, 8, 8).expand(200, 3, 8, 8)
    changed = (ADA(start=0.1)(x, sample=1, expression="b") - x).abs().amax((1, 2, 3)) > 1e-4
    assert 0.4 < changed.float().mean() < 0.9  # 12 changes at 0.1 each, of which some do nothing: about 0.66


def test_the_probability_grows_while_real_images_are_known_and_shrinks_while_they_are_not():
    view = ADA(images=100, interval=2)
    assert adapted(view, 1.0, 1) == 0  # the interval is not over
    assert adapted(view, 1.0, 1) == pytest.approx(0.04)  # 2 steps of 2 images
    assert adapted(view, 1.0, 4) == pytest.approx(0.12)
    assert adapted(view, -1.0, 2) == pytest.approx(0.08)
    assert adapted(view, -1.0, 20) == 0
    assert adapted(ADA(images=4, interval=1), 1.0, 9) == 1


def test_the_interval_is_counted_in_steps_whatever_the_number_of_their_batches():
    whole, parts = ADA(images=100, interval=2), ADA(images=100, interval=2)
    for steps, expected in ((1, 0), (1, 0.04), (1, 0.04), (1, 0.08)):
        assert adapted(whole, 1.0, steps) == adapted(parts, 1.0, steps, batches=2) == pytest.approx(expected)


def test_the_probability_and_the_interval_are_state():
    view, other = ADA(images=100, interval=2), ADA(images=100, interval=2)
    adapted(view, 1.0, 3)
    other.load_state_dict(view.state_dict())
    assert adapted(view, 1.0, 1) == adapted(other, 1.0, 1) == pytest.approx(0.08)


def test_gray_images_and_others_keep_their_channels_and_gradient_flows():
    for channels in (1, 5):
        x = torch.rand(2, channels, 8, 12, requires_grad=True)
        found = ADA(start=1.0)(x, sample=3, expression="ab(a)")
        found.sum().backward()
        assert found.shape == x.shape
        assert (x.grad != 0).any(dim=(1, 2, 3)).all()


@pytest.mark.parametrize("arguments", [{"target": 2}, {"images": 0}, {"interval": 0}, {"start": -1}])
def test_wrong_arguments_are_errors(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        ADA(**arguments)
