import itertools

import pytest
import torch

from i2ikit.errors import MetricError
from i2ikit.metrics.diversity import Diversity


def flat(*levels: float) -> torch.Tensor:
    """Images of one level each, in 0..1."""
    return torch.stack([torch.full((3, 8, 8), 2 * level - 1) for level in levels])


def measured(outputs, inputs=None):
    metric = Diversity()
    for start in range(0, len(outputs), 2):
        sample = {"output": outputs[start : start + 2]}
        metric.update(sample if inputs is None else {**sample, "a": inputs[start : start + 2]})
    return metric.compute()


def test_it_is_the_root_mean_square_over_all_pairs():
    levels = (0.1, 0.5, 0.6, 0.9)
    pairs = [(x - y) ** 2 for x, y in itertools.combinations(levels, 2)]
    assert measured(flat(*levels))["outputs"] == pytest.approx((sum(pairs) / len(pairs)) ** 0.5, rel=1e-5)


def test_outputs_as_far_apart_as_their_inputs_have_a_ratio_of_one():
    assert measured(flat(0.6, 0.8), flat(0.1, 0.3)) == pytest.approx({"outputs": 0.2, "ratio": 1.0}, rel=1e-5)


def test_one_image_for_every_input_is_a_ratio_of_zero():
    assert measured(flat(0.5, 0.5, 0.5), flat(0.1, 0.3, 0.9)) == {"outputs": 0.0, "ratio": 0.0}


def test_noise_that_a_thumbnail_does_not_show_is_no_diversity():
    noise = torch.rand(4, 3, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert measured(noise)["outputs"] < 0.06 < 0.3 < (noise[0] - noise[1]).square().mean().sqrt() / 2


def test_a_single_image_is_too_few():
    with pytest.raises(MetricError, match="Diversity needs at least 2 images"):
        measured(flat(0.5))


def test_inputs_that_are_all_the_same_give_no_ratio():
    with pytest.raises(MetricError, match="Diversity needs different inputs, but all of these are equal"):
        measured(flat(0.1, 0.2), flat(0.5, 0.5))
