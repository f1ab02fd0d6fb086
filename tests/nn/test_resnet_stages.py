import pytest
import torch
from torch import nn

from i2ikit.nn.resnet_stages import decoder_stages, encoder_stages, last_convolution


@pytest.mark.parametrize("antialias", [True, False])
def test_each_stage_has_the_channels_that_it_states(antialias: bool) -> None:
    stages = [*encoder_stages(3, 4, 2, antialias=antialias), *decoder_stages(4, antialias=antialias)]
    x = torch.rand(1, 3, 16, 16)
    for name, module, width in stages:
        x = module(x)
        assert x.shape[1] == width, name
    assert x.shape == (1, 4, 16, 16)
    assert last_convolution(4, 5)(x).shape == (1, 5, 16, 16)


def test_blocks_are_numbered_and_may_be_none() -> None:
    names = [name for name, _, _ in encoder_stages(1, 2, 2)]
    assert names == ["pad", "stem", "down1_conv", "down1", "down2_conv", "down2", "block1", "block2"]
    assert [name for name, _, _ in encoder_stages(1, 2, 0)] == names[:-2]


def test_options_reach_the_layers() -> None:
    stages = nn.ModuleDict(
        {name: module for name, module, _ in encoder_stages(1, 2, 1, norm="batch", padding="zero", dropout=True)}
    )
    kinds = [type(module) for module in stages.modules()]
    assert nn.BatchNorm2d in kinds
    assert nn.InstanceNorm2d not in kinds
    assert nn.Dropout in kinds
    assert stages["block1"].conv1.padding_mode == "zeros"
