import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from i2ikit.nn.blur import BlurDown, BlurUp, UpStage
from i2ikit.ops.fast_operations import FastOperations


def depthwise(taps: list[float], channels: int) -> Tensor:
    row = torch.tensor(taps, dtype=torch.float64)
    return (row[:, None] * row / 16).expand(channels, 1, -1, -1)


@pytest.mark.parametrize("size", [(2, 2), (8, 6), (7, 5), (3, 2)])
def test_blur_down_is_the_strided_convolution_over_a_reflected_border(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    expected = F.conv2d(padded, depthwise([1, 2, 1], 3), stride=2, groups=3)
    torch.testing.assert_close(BlurDown()(x), expected, rtol=0, atol=1e-15)


def test_blur_down_of_an_impulse_by_hand() -> None:
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 2, 1] = 16
    # the impulse lies on a kept row, one column to the right of a kept column and one to the left of another
    assert BlurDown()(x)[0, 0].tolist() == [[0, 0], [2 * 2, 2 * 1]]


def test_blur_down_rounds_odd_sizes_up_and_keeps_a_constant() -> None:
    out = BlurDown()(torch.full((1, 2, 9, 5), 3.0))
    assert out.shape == (1, 2, 5, 3)
    assert (out == 3).all()


@pytest.mark.parametrize("size", [(1, 1), (4, 6), (5, 3)])
def test_blur_up_is_the_cropped_transposed_convolution_over_a_replicated_border(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    full = F.conv_transpose2d(padded, depthwise([1, 3, 3, 1], 3), stride=2, groups=3)
    expected = full[..., 3 : 3 + 2 * size[0], 3 : 3 + 2 * size[1]]
    torch.testing.assert_close(BlurUp()(x), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layer", [BlurDown(), BlurUp()])
def test_blurs_have_nothing_to_save_or_learn(layer: torch.nn.Module) -> None:
    assert not layer.state_dict()
    x = torch.randn(1, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)


@pytest.mark.skipif(not torch.backends.nnpack.is_available(), reason="this CPU lacks what NNPACK needs")
def test_a_stage_gives_the_same_where_its_first_two_layers_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, x = UpStage(BlurUp(), nn.Conv2d(32, 16, 3, padding=1), nn.Tanh()), torch.randn(1, 32, 24, 25)
    with torch.no_grad():
        expected = stage(x)
        monkeypatch.setattr(BlurUp, "forward", None)
        with FastOperations():
            torch.testing.assert_close(stage(x), expected, atol=1e-4, rtol=0)
