from typing import Any

import torch
from torch import Tensor

from i2ikit.engine.measure import measure


class Halves:
    """Stands for a model whose first generator halves its input."""

    def __init__(self, generator: str) -> None:
        self.generators = {generator: None}
        self.asked: list[str] = []

    def render(self, batch: dict[str, Tensor], expressions: list[str]) -> dict[str, Tensor]:
        self.asked += expressions
        return {text: batch[text[-2]] / 2 for text in expressions}


class Items:
    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, index: int) -> dict[str, Any]:
        size = self.sizes[index]
        return {"a": torch.full((3, size, size), 0.5), "b": torch.ones(3, size, size), "a_path": "x"}


class Recording:
    def __init__(self) -> None:
        self.samples: list[dict[str, Tensor]] = [{}]

    def reset(self) -> None:
        self.samples = []

    def update(self, sample: dict[str, Tensor]) -> None:
        self.samples.append(sample)

    def compute(self) -> dict[str, float]:
        return {"images": sum(len(sample["a"]) for sample in self.samples)}


def test_a_metric_sees_every_image_with_its_translation_and_is_reset_first():
    metric = Recording()
    found = measure(Halves("ab"), Items(*[4] * 20), {"count": metric}, device=torch.device("cpu"))
    assert found == {"count.images": 20.0}
    assert [len(sample["a"]) for sample in metric.samples] == [16, 4]
    assert torch.equal(metric.samples[0]["output"], metric.samples[0]["a"] / 2)
    assert metric.samples[0].keys() == {"a", "b", "output"}


def test_images_of_different_sizes_come_in_batches_of_their_own():
    metric = Recording()
    measure(Halves("ab"), Items(4, 4, 6, 4), {"count": metric}, device=torch.device("cpu"))
    assert [tuple(sample["a"].shape) for sample in metric.samples] == [(2, 3, 4, 4), (1, 3, 6, 6), (1, 3, 4, 4)]


def test_a_first_generator_from_b_to_a_is_measured_with_b_as_its_input():
    metric, model = Recording(), Halves("ba")
    measure(model, Items(4), {"count": metric}, device=torch.device("cpu"))
    assert model.asked == ["ba(b)"]
    assert metric.samples[0]["a"].mean() == 1.0
    assert metric.samples[0]["output"].mean() == 0.5


def test_the_pause_comes_after_each_batch():
    calls = []
    measure(Halves("ab"), Items(*[4] * 33), {}, device=torch.device("cpu"), pause=lambda: calls.append(1))
    assert len(calls) == 3
