from collections.abc import Sequence
from types import SimpleNamespace

import pytest
import torch

from i2ikit.evaluation.evaluator import Evaluator
from i2ikit.metrics.base import Metric
from i2ikit.registry import DATASETS
from i2ikit.translation.expressions import parse

pytestmark = pytest.mark.usefixtures("tiny_parts")


class Scripted(Metric):
    """Returns values from a list, one for each measurement."""

    better = {"value": "lower"}  # noqa: RUF012

    def __init__(self, *values: float) -> None:
        self.values = list(values)

    def reset(self) -> None:
        pass

    def update(self, sample: dict[str, torch.Tensor]) -> None:
        pass

    def compute(self) -> dict[str, float]:
        return {"value": self.values.pop(0), "other": 1.0}


def evaluator(*values: float, outputs: Sequence[str] = ("ab",), **options: str) -> Evaluator:
    model = SimpleNamespace(
        outputs={name: parse(f"{name}({name[0]})") for name in outputs},
        views={},
        to_show=lambda name: f"{name}_mean",
        render=lambda batch, expressions, averaged, samples: {expressions[0]: batch[expressions[0][-2]] + averaged},
    )
    dataset = DATASETS.get("NoisyPairs")(count=2)
    return Evaluator(model, dataset, {"x": Scripted(*values)}, device=torch.device("cpu"), seed=0, **options)


@pytest.mark.parametrize(
    ("options", "step", "since"),
    [({}, 2, 1), ({"metric": "x.value"}, 2, 1), ({"metric": "x.value", "better": "higher"}, 1, 2)],
)
def test_the_best_is_the_first_measurement_with_the_best_value(options, step, since):
    found = evaluator(5.0, 3.0, 3.0, **options)
    for each in (1, 2, 3):
        found.measure(each)
    assert (found.best["metric"], found.best["step"], found.since_best) == ("x.value", step, since)
    assert found.is_best(step)
    assert not found.is_best(3)


def test_a_value_that_is_not_finite_or_not_measured_is_never_the_best():
    found = evaluator(float("nan"))
    found.measure(1)
    assert found.best == {}
    absent = evaluator(1.0, metric="x.absent", better="lower")
    absent.measure(1)
    assert (absent.best, absent.since_best) == ({}, 0)


@pytest.mark.parametrize(
    ("now", "kept"),
    [({}, True), ({"metric": "x.value"}, True), ({"metric": "x.other"}, False), ({"better": "higher"}, False)],
)
def test_the_best_is_restored_unless_another_metric_or_direction_decides(now, kept):
    before = evaluator(5.0)
    before.measure(1)
    after = evaluator(**now)
    after.load_state_dict(before.state_dict())
    assert after.best == (before.best if kept else {})


@pytest.mark.parametrize("weights", ["average", "raw"])
def test_the_protocol_names_the_output_and_its_weights(weights):
    protocol = evaluator(1.0, weights=weights).measure(1).protocol
    assert (protocol["output"], protocol["weights"], protocol["images"]) == ("ab", weights, 2)


def test_both_directions_are_measured_and_the_first_one_decides():
    found = evaluator(5.0, 7.0, 6.0, 1.0, outputs=("ab", "ba"))
    measurement = found.measure(1)
    assert measurement.metrics == {"x.value": 5.0, "x.other": 1.0, "ba.x.value": 7.0, "ba.x.other": 1.0}
    assert measurement.protocol["ba"]["output"] == "ba"
    assert measurement.protocol["images_digest"] == measurement.protocol["ba"]["real_digest"]
    found.measure(2)
    assert (found.best["step"], found.best["value"]) == (1, 5.0)


@pytest.mark.parametrize(
    "changes",
    [{"value": "x"}, {"step": None}, {"metrics": {"x.value": "text"}}, {"metrics": None}, {"metrics": {"x": None}}],
)
def test_a_best_measurement_that_is_none_is_not_restored(changes):
    best = {"metric": "x.value", "better": "lower", "step": 1, "value": 5.0, "metrics": {"x.value": 5.0}}
    state = {"best": best | changes, "since_best": 0}
    with pytest.raises((ValueError, TypeError, AttributeError)):
        evaluator().load_state_dict(state)
