from unittest.mock import Mock

import pytest
import torch
from i2ikit_attention.cam_term import CAMTerm


def value(source, target):
    step = Mock()
    step.taps = lambda generator, image, taps: {"cam": {"a": source, "b": target}[image].view(1, 2, 1, 1)}
    return CAMTerm("ab", "a", "b")(step).item()


def test_a_sure_classifier_loses_nothing_and_an_undecided_one_two_bits():
    assert value(torch.tensor([50.0, 50.0]), torch.tensor([-50.0, -50.0])) == pytest.approx(0)
    assert value(torch.zeros(2), torch.zeros(2)) == pytest.approx(2 * torch.log(torch.tensor(2.0)).item())


def test_the_source_domain_has_the_high_logits():
    assert value(torch.tensor([-9.0, -9.0]), torch.tensor([9.0, 9.0])) == pytest.approx(18, abs=1e-2)
