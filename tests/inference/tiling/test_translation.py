import logging
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.generators.stylegan2 import StyleGAN2Generator
from i2ikit.generators.unet import UNetGenerator
from i2ikit.inference.failures import TooLargeError
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.norm_statistics import own_moments, ruled
from i2ikit.inference.tiling import TensorSource, plan, translation
from i2ikit.inference.tiling.lockstep import _LiveTensors

LEVEL = 2 / 255
MEMORY = 11 * 2**20


@pytest.fixture
def photo() -> Tensor:
    """An image of patches with different colors and contrasts, so that no tile is like the whole."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 6, 5, generator=generator) * 2 - 1
    smooth = nn.functional.interpolate(coarse, (301, 333), mode="bicubic")
    contrast = nn.functional.interpolate(torch.rand(1, 1, 4, 4, generator=generator), (301, 333))
    return (smooth + contrast * torch.randn(1, 3, 301, 333, generator=generator)).clamp(-1, 1)


@pytest.fixture(autouse=True)
def small_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "CROP", 96)


GENERATORS = {
    "resnet": lambda: ResNetGenerator(filters=8, blocks=1, init="normal", init_gain=0.1),
    "resnet affine": lambda: ResNetGenerator(filters=8, blocks=1, norm="instance_affine", antialias_down=False),
    "resnet batch": lambda: ResNetGenerator(filters=8, blocks=1, norm="batch", input_skip=True),
    "resnet mask": lambda: ResNetGenerator(filters=8, blocks=1, mask=True),
    "unet": lambda: UNetGenerator(filters=24, downs=3, norm="instance"),
    "stylegan2": lambda: StyleGAN2Generator(filters=1, size=32, blocks=2, noise=False),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_tiles_give_what_the_whole_image_gives(kind: str, photo: Tensor):
    torch.manual_seed(0)
    generator = GENERATORS[kind]().eval()
    whole = TranslationNetwork(generator)(photo)
    network = TranslationNetwork(generator, memory=MEMORY)
    assert not network.fits(301 * 333)
    sizes: list[int] = []
    handle = generator.register_forward_pre_hook(lambda _, x: sizes.append(x[0].shape[-1]))
    tiled = network(photo)
    handle.remove()
    assert len(sizes) > 5
    assert max(sizes) < 333
    assert tiled.shape == photo.shape
    assert (tiled - whole).abs().mean() < 0.3 * LEVEL
    assert (tiled - whole).abs().max() < 16 * LEVEL


def test_each_image_of_a_batch_that_does_not_fit_is_translated_by_itself(photo: Tensor):
    generator = GENERATORS["resnet"]().eval()
    batch = torch.cat([photo[..., :160, :160], photo[..., 60:220, 60:220]])
    found = TranslationNetwork(generator, memory=8 * 2**20)(batch)
    assert torch.allclose(found, TranslationNetwork(generator)(batch), atol=LEVEL / 10)


@pytest.mark.slow
def test_statistics_of_large_images_come_from_a_sample(photo: Tensor, monkeypatch: pytest.MonkeyPatch):
    torch.manual_seed(0)
    generator = GENERATORS["resnet"]().eval()
    whole = TranslationNetwork(generator)(photo)
    monkeypatch.setattr(translation, "EXACT", 1)
    monkeypatch.setattr(translation, "SMALL", 64)
    everything = TranslationNetwork(generator, memory=MEMORY)(photo)  # the sample is all of it
    assert (everything - whole).abs().mean() < LEVEL
    monkeypatch.setattr(translation, "SAMPLED", 4 * 64**2)
    part = TranslationNetwork(generator, memory=MEMORY)(photo)
    assert (part - whole).abs().mean() > (everything - whole).abs().mean()


def test_a_full_disk_leaves_the_statistics_of_what_fits_into_memory(
    photo: Tensor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def full(self: Any) -> None:
        raise OSError(28, "No space left on device")

    generator = GENERATORS["resnet"]().eval()
    network = TranslationNetwork(generator, memory=MEMORY)
    monkeypatch.setattr(_LiveTensors, "store", full)
    monkeypatch.setattr(translation, "SMALL", 32)
    with caplog.at_level(logging.WARNING):
        assert network(photo).isfinite().all()
    assert "the disk is full. The statistics of norms are taken from a part of the image" in caplog.text


def test_progress_counts_the_stops_of_all_tiles(photo: Tensor):
    network = TranslationNetwork(GENERATORS["resnet"](), memory=MEMORY)
    steps: list[tuple[int, int]] = []
    with torch.inference_mode():
        bands = [*network.tiles(lambda *step: steps.append(step)).bands(TensorSource(photo[0]))]
    total = steps[0][1]
    assert steps == [(n, total) for n in range(1, total + 1)]
    assert len(bands) > 1
    assert total % 7 == 0  # norms of each tile


def test_norms_that_are_smoothed_over_frames_need_whole_frames(photo: Tensor):
    smoothed = ruled(GENERATORS["resnet"](), lambda name, maps: own_moments(maps))
    with pytest.raises(TooLargeError, match="smoothed over frames need whole frames"):
        TranslationNetwork(smoothed, memory=MEMORY)(photo)


def test_an_interruption_in_a_tile_leaves_no_thread(photo: Tensor, monkeypatch: pytest.MonkeyPatch):
    import threading

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    network = TranslationNetwork(GENERATORS["resnet"](), memory=MEMORY)
    before = threading.active_count()
    bands: Iterator[Tensor] = network.tiles(stop).bands(TensorSource(photo[0]))
    with pytest.raises(KeyboardInterrupt), torch.inference_mode():
        list(bands)
    assert threading.active_count() == before
