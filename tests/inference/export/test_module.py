"""The exported network is the generator with the padding that inference uses."""

import pytest
import torch
from torch import nn

from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.inference.export.module import ExportedGenerator, prepare, trial_input
from i2ikit.inference.network import TranslationNetwork


class Rows(nn.Module):
    """Adds the number of each row and of each column; takes multiples of 5 from 10 pixels on."""

    multiple, smallest, in_channels = 5, 10, 1

    def forward(self, x):
        assert x.shape[2] % 5 == 0
        assert x.shape[3] % 5 == 0
        assert min(x.shape[2:]) >= 10
        return x + x.flip(2) / 2 + x.flip(3) / 4


@pytest.mark.parametrize("size", [(1, 1), (1, 13), (3, 9), (5, 10), (6, 6), (11, 20), (21, 4)])
def test_images_of_any_size_are_padded_as_in_inference(size):
    x = torch.rand(2, 1, *size) * 2 - 1
    network = TranslationNetwork(Rows())
    torch.testing.assert_close(ExportedGenerator(Rows())(x), network(x), rtol=0, atol=0)


def test_bytes_are_scaled_as_files_are():
    image = torch.tensor([0, 1, 127, 128, 254, 255], dtype=torch.uint8).reshape(1, 2, 3, 1)
    module = ExportedGenerator(nn.Identity(), uint8=True)
    assert torch.equal(module(image), image)
    scaled = ExportedGenerator(_Scaled(), uint8=True)(image)
    assert scaled.flatten().tolist() == [64, 64, 127, 128, 191, 191]  # 127.5 + (v - 127.5) / 2, to the nearest


class _Scaled(nn.Module):
    def forward(self, x):
        return x / 2


def test_half_precision_takes_and_gives_float32():
    generator = ResNetGenerator(filters=2, blocks=1)
    x = torch.rand(1, 3, 9, 9)
    expected = TranslationNetwork(prepare(generator, 3))(x)
    found = ExportedGenerator(prepare(generator, 3), half=True)(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-3)
    assert not torch.equal(found, expected)


def test_noise_is_left_out_and_the_given_generator_keeps_it():
    generator = StyleGAN2Generator(filters=1, size=16, blocks=2)
    with torch.no_grad():
        generator.stages.up1.noise.weight.fill_(3.0)
    x = torch.rand(1, 3, 8, 8)
    assert not torch.equal(generator(x), generator(x))
    prepared = prepare(generator, 3)
    assert torch.equal(prepared(x), prepared(x))
    assert generator.stages.up1.noise.weight.item() == 3


def test_a_generator_that_draws_random_numbers_is_refused():
    class Grainy(nn.Module):
        def forward(self, x):
            return x + torch.rand_like(x)

    with pytest.raises(CheckpointError, match="a Grainy draws random numbers while it translates"):
        prepare(Grainy(), 3)


def test_trial_images_are_the_same_at_each_call_and_fill_the_range():
    module = ExportedGenerator(nn.Identity(), uint8=True)
    image = trial_input(module, 3, 1, 40, 50)
    assert image.shape == (1, 40, 50, 3)
    assert torch.equal(image, trial_input(module, 3, 1, 40, 50))
    assert (image.min().item(), image.max().item()) == (0, 255)
