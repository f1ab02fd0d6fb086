from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from i2ikit.errors import MetricError
from i2ikit.evaluation.measure import EvaluationData, Measurement, join, measure
from i2ikit.metrics.base import Metric


def halved(images: Mapping[str, Tensor], place: int) -> Tensor:
    (image,) = images.values()
    return image / 2


class Items:
    """Items of these sizes; with names, of these files."""

    def __init__(self, *sizes: int, a: Sequence[str] = "", b: Sequence[str] = "") -> None:
        self.sizes, self.names = sizes, {"a_path": a, "b_path": b}

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, index: int) -> dict[str, Any]:
        size = self.sizes[index]
        paths = {key: names[index] for key, names in self.names.items() if names}
        return {"a": torch.full((3, size, size), 0.5), "b": torch.ones(3, size, size), **paths}


class Recording(Metric):
    better = {"images": "higher"}  # noqa: RUF012

    def __init__(self) -> None:
        self.samples: list[dict[str, Tensor]] = [{}]
        self.real: list[Tensor] = []

    def reset(self) -> None:
        self.samples = []

    def update(self, sample: dict[str, Tensor]) -> None:
        self.samples.append(sample)

    def add_real(self, images: Tensor, masks: Tensor | None) -> None:
        self.real.append(images)

    def compute(self) -> dict[str, float]:
        return {"images": sum(len(sample["a"]) for sample in self.samples)}


class Failing(Recording):
    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def prepare(self, device: torch.device) -> None:
        if self.where == "prepare":
            raise MetricError("no weights")

    def update(self, sample: dict[str, Tensor]) -> None:
        if self.where == "update":
            raise ValueError("no sample of mine")

    def compute(self) -> dict[str, float]:
        if self.where == "compute":
            raise MetricError("too few")
        return {"inf": float("inf"), "fine": 1.0}


class Paired(Recording):
    needs_pairs = True


def measured(items: Items, metrics: dict[str, Metric], **options: Any) -> Measurement:
    return measure(halved, EvaluationData(items), metrics, **options)


def test_a_metric_sees_every_image_with_its_translation_and_is_reset_first():
    metric = Paired()
    found = measured(Items(*[4] * 20), {"count": metric})
    assert found.metrics == {"count.images": 20.0}
    assert found.better == {"count.images": "higher"}
    assert found.paired == ["count.images"]
    assert [len(sample["a"]) for sample in metric.samples] == [16, 4]
    assert torch.equal(metric.samples[0]["output"], metric.samples[0]["a"] / 2)
    assert metric.samples[0].keys() == {"a", "b", "output"}


def test_images_of_different_sizes_come_in_batches_of_their_own():
    metric = Recording()
    found = measured(Items(4, 4, 6, 4), {"count": metric})
    assert [tuple(sample["a"].shape) for sample in metric.samples] == [(2, 3, 4, 4), (1, 3, 6, 6), (1, 3, 4, 4)]
    assert found.protocol["size"] == "4x4, 6x6"


def test_a_generator_from_b_to_a_is_measured_with_b_as_its_input():
    metric = Recording()
    measure(halved, EvaluationData(Items(4), source="b", target="a"), {"count": metric})
    assert metric.samples[0]["a"].mean() == 1.0
    assert metric.samples[0]["output"].mean() == 0.5
    assert metric.real[0].mean() == 0.5


def test_the_pause_comes_after_each_batch():
    calls = []
    measured(Items(*[4] * 33), {}, pause=lambda: calls.append(1))
    assert len(calls) == 3


def test_an_image_that_the_data_set_repeats_counts_once():
    metric = Recording()
    found = measured(Items(4, 4, 4, a="123", b="xyx"), {"count": metric})
    assert sum(len(sample["a"]) for sample in metric.samples) == 3
    assert sum(map(len, metric.real)) == 2
    assert (found.protocol["images"], found.protocol["real"], found.protocol["pairs"]) == (3, 2, 0)


def test_a_real_image_without_a_new_input_is_no_sample():
    metric = Recording()
    measured(Items(4, 4, a="11", b="xy"), {"count": metric})
    assert sum(len(sample["a"]) for sample in metric.samples) == 1
    assert sum(map(len, metric.real)) == 2


def test_only_pairs_come_with_a_truth():
    found = list(EvaluationData(Items(4, 4, a=["x/1.png", "x/2.png"], b=["y/1.png", "y/3.png"])).batches())
    assert [batch.keys() for batch in found] == [{"a", "b", "real"}, {"a", "real"}]


@pytest.mark.parametrize(
    ("where", "reason"), [("prepare", "no weights"), ("update", "no sample of mine"), ("compute", "too few")]
)
def test_a_metric_that_fails_is_missing_with_its_reason_and_the_others_continue(where, reason):
    found = measured(Items(4), {"bad": Failing(where), "count": Recording()})
    assert found.metrics == {"count.images": 1.0}
    assert found.missing == {"bad": reason}


def test_a_value_that_is_not_finite_is_missing():
    found = measured(Items(4), {"odd": Failing("nowhere")})
    assert found.metrics == {"odd.fine": 1.0}
    assert found.missing == {"odd.inf": "it is inf"}


def test_a_measurement_identifies_its_images():
    first, second, other = (measured(Items(*sizes), {}).protocol for sizes in ([4, 4], [4, 4], [4, 5]))
    assert first == second
    assert first["images_digest"] != other["images_digest"]
    assert (first["images"], first["channels"], first["seed"]) == (2, [3], 0)


@pytest.mark.parametrize("error", [KeyError("weights"), RuntimeError("sizes differ"), AttributeError("no such thing")])
def test_a_metric_with_an_error_of_its_own_is_missing_and_the_others_continue(error):
    class Wrong(Recording):
        def compute(self) -> dict[str, float]:
            raise error

    found = measured(Items(4), {"bad": Wrong(), "count": Recording()})
    assert found.metrics == {"count.images": 1.0}
    assert found.missing == {"bad": f"Wrong fails with {type(error).__name__}: {error}"}


class Odd(Recording):
    """Breaks the contract in places other than its own methods."""

    def __init__(self, **found: Any) -> None:
        super().__init__()
        self.found = found

    def compute(self) -> dict[str, float]:
        return self.found.get("compute", {"images": 1.0})

    def protocol(self) -> dict[str, Any]:
        return self.found.get("protocol", {})


class Directionless(Recording):
    better = {"images": "up"}  # noqa: RUF012


class Exiting(Recording):
    def update(self, sample: dict[str, Tensor]) -> None:
        sample.clear()  # its own dict
        raise SystemExit("no license")


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (Odd(compute=None), "Odd fails with AttributeError"),
        (Odd(compute={"images": "many"}), "could not convert string to float"),
        (Odd(protocol={"network": object()}), "Odd fails with TypeError: Object of type object is not JSON"),
        (Odd(protocol=3), "Odd fails with TypeError"),
        (Directionless(), "Directionless.better must be 'higher' or 'lower' by value, not {'images': 'up'}"),
        (Exiting(), "Exiting fails with SystemExit: no license"),
    ],
)
def test_a_metric_that_breaks_its_contract_is_missing_and_the_others_continue(metric, reason):
    found = measured(Items(4), {"bad": metric, "count": Recording()})
    assert found.metrics == {"count.images": 1.0}
    assert reason in found.missing["bad"]
    assert list(found.protocol["metrics"]) == ["count"]


def test_values_of_numpy_and_torch_are_numbers():
    values = {"tensor": torch.tensor(2.0), "numpy": np.float32(0.5)}
    assert measured(Items(4), {"x": Odd(compute=values)}).metrics == {"x.tensor": 2.0, "x.numpy": 0.5}


def test_a_metric_gets_no_sample_that_lacks_what_it_declares():
    found = measured(Items(4, 4, 4, a="123", b="xyx"), {"truth": Paired()})
    assert "Paired needs paired test images" in found.missing["truth"]


def test_a_metric_of_inputs_says_so_where_only_outputs_are_known():
    class Change(Recording):
        needs_inputs = True

    found = measure(None, EvaluationData(Items(4)), {"change": Change()})
    assert "Change needs the inputs of the translations: measure a checkpoint" in found.missing["change"]


def test_a_metric_knows_the_domain_of_the_outputs():
    metric = Recording()
    for source, target in ("ab", "ba"):
        measure(halved, EvaluationData(Items(4), source, target), {"x": metric})
        assert metric.target == target


def test_measurements_of_two_generators_are_one_whose_second_names_begin_with_the_generator():
    first = Measurement({"x.y": 1.0}, {"z": "why"}, {"x.y": "lower"}, ["x.y"], {"generator": "ab", "seed": 0})
    second = Measurement({"x.y": 2.0}, {"z": "why"}, {"x.y": "lower"}, ["x.y"], {"generator": "ba", "seed": 0})
    found = join({"ab": first, "ba": second})
    assert found.metrics == {"x.y": 1.0, "ba.x.y": 2.0}
    assert found.missing == {"z": "why", "ba.z": "why"}
    assert found.better == {"x.y": "lower", "ba.x.y": "lower"}
    assert found.paired == ["x.y", "ba.x.y"]
    assert found.protocol == {"generator": "ab", "seed": 0, "ba": {"generator": "ba"}}
    assert join({"ab": first}) == first
