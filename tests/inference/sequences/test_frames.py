from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.images import DecodedImage, Reader
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.sequences.flicker import FlickerResult
from i2ikit.inference.sequences.frames import FrameTranslator, levels, scenes
from i2ikit.inference.sequences.motion import Match
from i2ikit.ops.pixels import image_to_tensor
from tests.inference.sequences.test_motion import texture

READER, PATH = Reader(), Path("in.mp4")


class Nervous(nn.Module):
    """Adds noise that differs in each frame of a video."""

    def forward(self, x: Tensor) -> Tensor:
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(int(x.sum() * 1e3) % 10000))
        return (x + 0.2 * noise).clamp(-1, 1)


def images(frames: list[NDArray[np.uint8]]) -> list[DecodedImage]:
    return [READER.prepared(Image.fromarray(frame).convert("RGB"), PATH) for frame in frames]


def pan(count: int = 8) -> list[DecodedImage]:
    scene = texture(64, 100)
    return images([scene[:, 2 * index : 2 * index + 80] for index in range(count)])


def translate(
    module: nn.Module, frames: list[DecodedImage], smooth: float = 0, batch: int = 3
) -> tuple[list[DecodedImage], FlickerResult]:
    translator = FrameTranslator(TranslationNetwork(module), READER, READER, smooth=smooth)
    outputs = [out for start in range(0, len(frames), batch) for out in translator(frames[start : start + batch], PATH)]
    return outputs, translator.flicker()


def test_without_smoothing_frames_are_translated_by_themselves():
    frames = pan(4)
    network = TranslationNetwork(Nervous())
    expected = [network(image_to_tensor(frame.pixels)[None]) for frame in frames]
    for output, tensor in zip(translate(Nervous(), frames, batch=1)[0], expected, strict=True):
        assert np.array_equal(levels(output), ((tensor[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy())


def test_smoothing_lowers_flicker_more_the_higher_it_is():
    found = [translate(Nervous(), pan(), smooth)[1] for smooth in (0, 0.5, 0.9)]
    assert found[0].input == found[1].input == found[2].input
    assert found[1].output < 0.6 * found[0].output
    assert found[2].output < 0.3 * found[0].output


def test_smoothing_does_not_depend_on_how_frames_are_batched():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.Conv2d(4, 3, 1), nn.Tanh()).eval()
    one, three = (translate(generator, pan(), 0.7, batch)[0] for batch in (1, 3))
    assert all(np.abs(levels(a).astype(int) - levels(b)).max() <= 1 for a, b in zip(one, three, strict=True))


def test_large_frames_whose_memory_is_estimated_first_are_smoothed_as_others():
    torch.manual_seed(0)
    generator = ResNetGenerator(filters=4, blocks=1).eval()
    outputs = []
    for memory in (None, 2**32):
        translator = FrameTranslator(TranslationNetwork(generator, memory=memory), READER, READER, smooth=0.5)
        outputs.append(translator(pan(3), PATH))
    assert all(np.array_equal(levels(a), levels(b)) for a, b in zip(*outputs, strict=True))


def test_frames_that_need_tiles_cannot_be_smoothed():
    network = TranslationNetwork(ResNetGenerator(filters=4, blocks=1), memory=2**16)
    with pytest.raises(DataError, match=r"in\.mp4, 80 x 64 pixels, does not fit into memory"):
        FrameTranslator(network, READER, READER, smooth=0.5)(pan(3), PATH)


def test_nothing_of_a_scene_remains_after_a_cut():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.Conv2d(4, 3, 1), nn.Tanh()).eval()
    bright = images([np.clip(texture(64, 80).astype(int) + 90, 0, 255).astype(np.uint8)] * 3)
    dark = images([np.full((64, 80), 5, np.uint8)] * 2)
    after_a_cut = translate(generator, [*dark, *bright], 0.9)[0][2:]
    alone = translate(generator, bright, 0.9)[0]
    assert all(np.abs(levels(a).astype(int) - levels(b)).max() <= 1 for a, b in zip(after_a_cut, alone, strict=True))


def test_a_failure_names_the_file_and_its_size():
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise KeyError("x")

    with pytest.raises(DataError, match=r"fails on in\.mp4, 80 x 64 pixels, with KeyError"):
        translate(Broken(), pan(1))


def test_smoothing_outside_of_its_range_is_refused():
    with pytest.raises(ValueError, match=r"smooth must be in 0\.\.1, not 1\.5"):
        FrameTranslator(TranslationNetwork(Nervous()), READER, READER, smooth=1.5)


def test_levels_are_eight_bits_of_gray_or_three_channels():
    deep = np.full((2, 3, 5), 0.5, np.float32)
    assert levels(DecodedImage(deep)).shape == (2, 3, 3)
    assert levels(DecodedImage(deep)).max() == 128
    assert levels(DecodedImage(deep[:, :, :1])).shape == (2, 3)


def test_scenes_begin_where_there_is_no_match():
    match = Match(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1), bool), 0)
    assert list(scenes([match, match, None, match, None])) == [(0, 2), (2, 4), (4, 5)]
