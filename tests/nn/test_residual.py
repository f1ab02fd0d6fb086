import pytest
import torch
import torch.nn.functional as F
from torch import nn

from i2ikit.nn.residual import ResidualBlock


@pytest.mark.parametrize(
    ("padding", "mode"), [("reflect", "reflect"), ("replicate", "replicate"), ("zero", "constant")]
)
def test_a_block_adds_two_padded_convolutions_to_its_input(padding: str, mode: str) -> None:
    block = ResidualBlock(4, norm="instance", padding=padding, dropout=False).double()
    x = torch.randn(2, 4, 5, 6, dtype=torch.float64)

    def half(x: torch.Tensor, conv: nn.Conv2d) -> torch.Tensor:
        return F.instance_norm(F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), conv.weight, conv.bias))

    torch.testing.assert_close(block(x), x + half(half(x, block.conv1).relu(), block.conv2))


def test_there_is_no_activation_after_the_sum() -> None:
    block = ResidualBlock(2, norm="none", padding="zero", dropout=False)
    nn.init.zeros_(block.conv2.weight)
    x = -torch.ones(1, 2, 3, 3)
    assert torch.equal(block(x), x)


def test_the_input_is_not_changed_in_place() -> None:
    x = torch.randn(1, 2, 4, 4)
    before = x.clone()
    ResidualBlock(2, norm="instance", padding="reflect", dropout=True)(x)
    assert torch.equal(x, before)


def test_dropout_works_in_training_only() -> None:
    torch.manual_seed(0)
    block = ResidualBlock(8, norm="instance", padding="reflect", dropout=True)
    x = torch.randn(1, 8, 8, 8)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))


@pytest.mark.parametrize(("norm", "bias"), [("instance", True), ("batch", False), ("none", False)])
def test_convolutions_have_a_bias_only_before_an_instance_norm(norm: str, bias: bool) -> None:
    block = ResidualBlock(2, norm=norm, padding="reflect", dropout=False)
    assert (block.conv1.bias is not None, block.conv2.bias is not None) == (bias, bias)


def test_an_unknown_padding_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"padding must be one of reflect, replicate, zero, not 'zeros'.*'zero'"):
        ResidualBlock(2, norm="none", padding="zeros", dropout=False)
