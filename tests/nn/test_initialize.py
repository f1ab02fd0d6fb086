import math

import pytest
import torch
from torch import nn

from i2ikit.nn.initialize import initialize


def spread(kind: str, gain: float = 0.02) -> float:
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 128, 3)
    initialize(conv, kind, gain)
    assert abs(conv.weight.mean().item()) < 1e-2 * conv.weight.std().item() * 3
    return conv.weight.std().item()


def test_normal_has_the_gain_as_standard_deviation() -> None:
    assert spread("normal", 0.05) == pytest.approx(0.05, rel=0.02)


def test_xavier_scales_with_both_fans() -> None:
    assert spread("xavier") == pytest.approx(0.02 * math.sqrt(2 / (64 * 9 + 128 * 9)), rel=0.02)


def test_xavier_of_a_published_block_by_hand() -> None:
    conv = nn.Conv2d(256, 256, 3)
    initialize(conv, "xavier", 0.02)
    assert conv.weight.std().item() == pytest.approx(4.17e-4, rel=0.01)  # 0.02 * sqrt(2 / 4608)


def test_kaiming_scales_with_the_fan_in_and_has_no_gain() -> None:
    assert spread("kaiming", 0.02) == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)


def test_orthogonal_rows_have_the_gain_as_length() -> None:
    linear = nn.Linear(8, 4)
    initialize(linear, "orthogonal", 0.5)
    torch.testing.assert_close(linear.weight @ linear.weight.T, 0.25 * torch.eye(4))


@pytest.mark.parametrize("layer", [nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(2, 3, 3), nn.Linear(2, 3)])
def test_biases_become_zero(layer: nn.Module) -> None:
    initialize(layer, "xavier", 0.02)
    assert (layer.bias == 0).all()


def test_batch_norm_of_images_is_drawn_around_one_and_that_of_rows_is_left_alone() -> None:
    torch.manual_seed(0)
    images, rows = nn.BatchNorm2d(4096), nn.BatchNorm1d(8)
    initialize(nn.Sequential(images, rows), "normal", 0.5)
    assert images.weight.mean().item() == pytest.approx(1, abs=2e-3)
    assert images.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert (images.bias == 0).all()
    assert (rows.weight == 1).all()


def test_layers_without_bias_or_weights_pass() -> None:
    initialize(nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1, affine=False)), "normal", 0.02)


def test_the_same_seed_gives_the_same_weights() -> None:
    assert spread("normal") == spread("normal")


def test_an_unknown_initializer_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"init must be one of .* not 'xaver'.*'xavier'"):
        initialize(nn.Linear(1, 1), "xaver", 0.02)
