from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from i2ikit.files import CACHE_VARIABLE
from i2ikit.metrics import feature_store
from i2ikit.metrics.backbones import INCEPTION, Backbone
from i2ikit.metrics.feature_store import FeatureStore, shared_store


class Means(Backbone):
    """Mean of each channel; counts the images that it sees."""

    name = "means"

    def __init__(self, resizing: str = "clean") -> None:
        super().__init__(None, resizing)
        self.seen = 0

    def load(self, device: torch.device | None = None) -> None:
        self.digest = "0"

    def _build(self) -> tuple[nn.Module, Path]:
        raise AssertionError("a mean needs no network")

    def _features(self, images: Tensor) -> Tensor:
        self.seen += len(images)
        return images.float().mean(dim=(2, 3))


def images(*levels: int) -> Tensor:
    return torch.stack([torch.full((3, 2, 2), level, dtype=torch.uint8) for level in levels])


def test_no_features_are_computed_twice():
    store = FeatureStore(Means())
    assert store.features(images(1, 2, 1)).tolist() == [[1.0] * 3, [2.0] * 3, [1.0] * 3]
    assert store.features(images(2, 3)).tolist() == [[2.0] * 3, [3.0] * 3]
    assert store.backbone.seen == 3


def test_an_image_of_another_shape_with_the_same_bytes_is_another_image():
    store = FeatureStore(Means())
    store.features(torch.zeros(1, 3, 2, 8, dtype=torch.uint8))
    store.features(torch.zeros(1, 3, 4, 4, dtype=torch.uint8))
    assert store.backbone.seen == 2


def test_memory_is_limited(monkeypatch):
    monkeypatch.setattr(feature_store, "IN_MEMORY", 2)
    store = FeatureStore(Means())
    store.features(images(1, 2, 3))
    store.features(images(3, 2))
    assert store.backbone.seen == 3
    store.features(images(1))
    assert store.backbone.seen == 4


def as_new_process(backbone: Backbone, *levels: int) -> Tensor:
    return FeatureStore(backbone).features(images(*levels), on_disk=True)


def test_features_of_real_images_are_kept_for_other_processes():
    as_new_process(Means(), 1, 2, 3)
    later = Means()
    assert as_new_process(later, 1, 9, 3).tolist() == [[1.0] * 3, [9.0] * 3, [3.0] * 3]
    assert later.seen == 1
    other = Means("legacy")
    as_new_process(other, 1)
    assert other.seen == 1


def test_features_of_outputs_are_not_written(own_cache):
    FeatureStore(Means()).features(images(1))
    assert not own_cache.exists()


@pytest.mark.parametrize("content", [b"", b"half a file", b"\x93NUMPY"])
def test_a_damaged_file_is_replaced(content, own_cache):
    as_new_process(Means(), 1)
    (path,) = (own_cache / "features").glob("*/*")
    path.write_bytes(content)
    later = Means()
    for _ in range(2):
        assert as_new_process(later, 1).tolist() == [[1.0] * 3]
    assert later.seen == 1


def test_a_cache_that_cannot_be_written_is_ignored(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    assert as_new_process(Means(), 1).tolist() == [[1.0] * 3]


def test_metrics_share_a_store_if_network_weights_and_resizing_are_the_same():
    stores = [shared_store(INCEPTION, None, resizing, 224) for resizing in ("clean", "clean", "legacy")]
    assert stores[0] is stores[1]
    assert stores[0] is not stores[2]
