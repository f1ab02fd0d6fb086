import threading
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.norm_statistics import Moments, Rule, ruled
from i2ikit.inference.tiling import lockstep
from i2ikit.inference.tiling.lockstep import in_lock_step


def generator() -> nn.Module:
    torch.manual_seed(0)
    return ResNetGenerator(filters=4, blocks=2, padding="zero", init_gain=0.5).eval()


def work(network: nn.Module, images: Tensor) -> list:
    """Each image of a batch as a tile that is measured completely."""

    def translate(image: Tensor):
        return lambda rule: ruled(network, rule)(image[None])[0]

    return [(translate(image), (0, 1, 0, 1)) for image in images]


def together(network: nn.Module, images: Tensor) -> Tensor:
    """The batch in one call, with the statistics of all its images."""

    def joint(name: str, maps: Tensor) -> Moments:
        variance, mean = torch.var_mean(maps, dim=(0, 2, 3, 4), correction=0)
        return Moments(mean[None], variance[None])

    with torch.inference_mode():
        return ruled(network, joint)(images)


@pytest.mark.parametrize("memory", [0, 20_000, 1e9])
def test_tiles_share_the_statistics_of_all_of_them_in_memory_and_on_disk(memory):
    network, images = generator(), torch.rand(3, 3, 32, 24) * torch.tensor([0.1, 1, 2]).view(3, 1, 1, 1)
    found: list[Moments] = []
    steps: list[None] = []
    outputs = torch.stack([*in_lock_step(work(network, images), memory, found, lambda: steps.append(None))])
    assert torch.allclose(outputs, together(network, images), atol=1e-5)
    assert len(found) == 9  # norms
    assert len(steps) == 3 * 9


def test_a_waiting_tile_on_disk_takes_no_memory(monkeypatch):
    sizes: list[int] = []
    store = lockstep._LiveTensors.store

    def measured(live) -> None:
        before = live.size()
        store(live)
        sizes.extend((before, live.size()))

    monkeypatch.setattr(lockstep._LiveTensors, "store", measured)
    [*in_lock_step(work(generator(), torch.rand(1, 3, 32, 32)), 0, [])]
    assert sizes[0] >= 4 * 32 * 32 * 4  # the maps of the first norm
    assert set(sizes[1::2]) == {0}


def test_all_waiting_tiles_together_stay_within_the_memory(monkeypatch):
    memory, tiles, sums = 3 * 4 * 40 * 40 * 4, set(), []
    park = lockstep._Tile.park

    def noted(tile, *args):
        park(tile, *args)
        tiles.add(tile)
        sums.append(sum(each._live.size() for each in tiles))
        return tile.held

    monkeypatch.setattr(lockstep._Tile, "park", noted)
    [*in_lock_step(work(generator(), torch.rand(6, 3, 32, 32)), memory, [])]
    assert 0 < max(sums) <= memory


def test_an_error_of_a_tile_ends_all_and_leaves_no_thread():
    def fails(rule: Rule) -> Tensor:
        raise ValueError("a damaged strip")

    before = threading.active_count()
    tiles = [*work(generator(), torch.rand(2, 3, 32, 32)), (fails, (0, 1, 0, 1))]
    with pytest.raises(ValueError, match="a damaged strip"):
        [*in_lock_step(tiles, 0, [])]
    assert threading.active_count() == before


def test_a_caller_that_stops_early_leaves_no_thread_and_no_file(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = threading.active_count()
    outputs = in_lock_step(work(generator(), torch.rand(3, 3, 32, 32)), 0, [])
    next(outputs)
    outputs.close()
    assert threading.active_count() == before
    assert not [*tmp_path.iterdir()]


def test_tiles_without_norms_are_translated_one_after_the_other():
    tiles = [(lambda rule, n=n: torch.tensor([n]), (0, 1, 0, 1)) for n in range(3)]
    assert [each.item() for each in in_lock_step(tiles, 0, [])] == [0, 1, 2]
