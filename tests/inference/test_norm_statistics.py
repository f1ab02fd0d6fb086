import pytest
import torch
from torch import Tensor, nn

from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.unet import UNetGenerator
from i2ikit.inference.norm_statistics import Moments, groups_of, own_moments, ruled


class OwnNorm(nn.Module):
    """A norm of a plugin: one mean for all channels of an image, and no division."""

    groups = 1

    def forward(self, x: Tensor) -> Tensor:
        return self.normalize(x, x.mean((1, 2, 3), keepdim=True), x)

    def normalize(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        return x - mean


NORMS = {
    "instance": nn.InstanceNorm2d(6),
    "instance_affine": nn.InstanceNorm2d(6, affine=True, eps=0.1),
    "group": nn.GroupNorm(2, 6, eps=0.01),
    "own": OwnNorm(),
}


def own(name: str, maps: Tensor) -> Moments:
    return own_moments(maps)


@pytest.mark.parametrize("kind", NORMS)
def test_own_moments_give_what_the_norm_gives(kind: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 3), NORMS[kind])
    for parameter in network.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(2, 3, 9, 7)
    assert torch.allclose(ruled(network, own)(x), network(x), atol=1e-5)
    assert isinstance(network[1], type(NORMS[kind]))  # the generator itself is unchanged


def test_own_moments_of_a_generator_with_many_norms_give_its_output() -> None:
    torch.manual_seed(0)
    for generator in (ResNetGenerator(filters=4, blocks=2), UNetGenerator(filters=4, downs=3, norm="instance")):
        x = torch.rand(1, 3, 32, 24) * 2 - 1
        assert torch.allclose(ruled(generator.eval(), own)(x), generator(x), atol=1e-5)


def test_moments_of_the_batch_make_an_image_depend_on_the_others() -> None:
    def joint(name: str, maps: Tensor) -> Moments:
        variance, mean = torch.var_mean(maps, dim=(0, 2, 3, 4), correction=0)
        return Moments(mean[None], variance[None])

    x = torch.randn(2, 6, 8, 8)
    whole = nn.InstanceNorm2d(6)(torch.cat([*x], dim=1)[None])[0]  # one image above the other
    tiles = ruled(nn.Sequential(nn.InstanceNorm2d(6)), joint)(x)
    assert torch.allclose(torch.cat([*tiles], dim=1), whole, atol=1e-5)


def test_rule_is_called_in_the_order_of_the_layers() -> None:
    names: list[str] = []

    def note(name: str, maps: Tensor) -> Moments:
        names.append(name)
        return own_moments(maps)

    ruled(ResNetGenerator(filters=2, blocks=1).eval(), note)(torch.zeros(1, 3, 16, 16))
    assert names == [
        *("stages.stem.norm", "stages.down1.norm", "stages.down2.norm", "stages.block1.norm1", "stages.block1.norm2"),
        *("stages.up1.norm", "stages.up2.norm"),
    ]


def test_copy_shares_the_weights() -> None:
    generator = ResNetGenerator(filters=2, blocks=1)
    shared = {id(each) for each in generator.parameters()}
    assert {id(each) for each in ruled(generator, own).parameters()} == shared


def test_norms_with_running_statistics_keep_them() -> None:
    assert groups_of(nn.BatchNorm2d(4), 4) == 0
    assert groups_of(nn.InstanceNorm2d(4, track_running_stats=True), 4) == 0
    assert groups_of(nn.Conv2d(1, 1, 1), 4) == 0
    assert groups_of(nn.GroupNorm(2, 4), 4) == 2
