import pytest
import torch

from i2ikit.metrics.content_preservation import ContentPreservation
from i2ikit.metrics.functional.structure import edge_correlation, self_similarity_correlation


def images(seed: int = 0) -> torch.Tensor:
    return torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_an_untouched_input_keeps_all_of_its_content():
    metric = ContentPreservation()
    metric.update({"a": images(), "output": images()})
    assert metric.compute() == pytest.approx({"edges": 1.0, "structure": 1.0})


def test_the_values_are_means_over_images_of_all_batches():
    metric = ContentPreservation()
    metric.update({"a": images()[:1], "output": images(1)[:1]})
    metric.update({"a": images()[1:], "output": images(1)[1:]})
    pair = images(1) / 2 + 0.5, images() / 2 + 0.5
    expected = {"edges": edge_correlation(*pair).mean(), "structure": self_similarity_correlation(*pair).mean()}
    assert metric.compute() == pytest.approx({name: value.item() for name, value in expected.items()}, abs=1e-6)


def test_images_without_edges_are_skipped():
    metric = ContentPreservation()
    flat = torch.cat([images()[:2], torch.zeros(1, 3, 16, 16)])
    metric.update({"a": images(), "output": flat})
    assert metric.compute()["edges"] == pytest.approx(1)
