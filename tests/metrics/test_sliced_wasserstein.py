import math

import pytest
import torch

from i2ikit.datasets.stripes.stripes import Stripes
from i2ikit.errors import DataError, ShapeError
from i2ikit.metrics.sliced_wasserstein import SlicedWasserstein

COUNT = 24


@pytest.fixture(scope="module")
def scenes():
    dataset = Stripes("test", COUNT, load_size=32)
    items = [dataset[index] for index in range(COUNT)]
    return {name: torch.stack([item[name] for item in items]) for name in ("a", "b", "mask")}


@pytest.fixture(scope="module")
def others():
    dataset = Stripes("test", COUNT, load_size=32, seed=1)
    return [dataset[index] for index in range(COUNT)]


def measured(metric, scenes, output):
    for start in range(0, COUNT, 8):
        batch = {name: images[start : start + 8] for name, images in scenes.items()}
        metric.update({**batch, "output": output[start : start + 8]})
        metric.add_real(batch["b"], batch.get("mask"))
    return metric.compute()


def ratios(numbers):
    return {name: value for name, value in numbers.items() if "ratio" in name}


def metric_against(others, **options):
    return SlicedWasserstein(others, per_image=64, directions=32, **options)


def test_untouched_inputs_score_one(scenes, others):
    assert ratios(measured(metric_against(others), scenes, scenes["a"])) == {"ratio": 1.0, "ratio_masked": 1.0}


def test_the_truth_scores_far_below_the_inputs(scenes, others):
    scores = measured(metric_against(others), scenes, scenes["b"])
    assert scores["ratio"] < 0.6
    assert scores["ratio_masked"] < 0.15


def test_a_blurred_truth_lies_between_truth_and_input_in_the_masks(scenes, others):
    blurred = torch.nn.functional.avg_pool2d(scenes["b"], 3, stride=1, padding=1, count_include_pad=False)
    assert 0.3 < measured(metric_against(others), scenes, blurred)["ratio_masked"] < 1


def test_without_a_reference_the_truth_itself_scores_zero(scenes):
    scores = measured(metric_against(None), scenes, scenes["b"])
    assert scores == dict.fromkeys(("distance", "ratio", "distance_masked", "ratio_masked"), 0.0)


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"a": None, "mask": None}, ["distance"]),
        ({"mask": None}, ["distance", "ratio"]),
        ({"mask": torch.zeros(COUNT, 1, 32, 32)}, ["distance", "ratio"]),
    ],
)
def test_ratios_need_inputs_and_masked_values_masks_that_are_not_empty(scenes, others, change, values):
    changed = {name: images for name, images in {**scenes, **change}.items() if images is not None}
    assert list(measured(metric_against(others), changed, scenes["b"])) == values


def test_the_ratio_is_the_distance_of_outputs_over_that_of_inputs(scenes, others):
    outputs, inputs = (measured(metric_against(others), scenes, scenes[name]) for name in ("b", "a"))
    assert outputs["ratio"] == pytest.approx(outputs["distance"] / inputs["distance"])


def test_the_score_does_not_depend_on_the_batches_or_on_the_global_seed(scenes, others):
    by_eight = measured(metric_against(others), scenes, scenes["b"])
    torch.manual_seed(7)
    metric = metric_against(others)
    metric.update({**scenes, "output": scenes["b"]})
    assert metric.compute() == by_eight


def test_inputs_that_are_the_real_images_give_infinity(scenes):
    metric = metric_against(None)
    metric.update({"a": scenes["b"], "output": scenes["a"]})
    metric.add_real(scenes["b"])
    assert metric.compute()["ratio"] == math.inf


def test_a_set_without_real_images_is_refused(scenes):
    metric = metric_against(None)
    metric.update({"a": scenes["a"], "output": scenes["a"]})
    with pytest.raises(DataError, match="no real images to compare with"):
        metric.compute()


def test_an_empty_reference_is_refused(scenes):
    with pytest.raises(DataError, match="has no images of domain b"):
        measured(metric_against([]), scenes, scenes["b"])


def test_outputs_of_another_size_are_refused(scenes, others):
    with pytest.raises(ShapeError, match=r"outputs \(24, 3, 16, 16\) and inputs \(24, 3, 32, 32\)"):
        metric_against(others).update({**scenes, "output": scenes["a"][..., ::2, ::2]})


def test_a_mask_of_another_size_is_refused(scenes, others):
    wrong = {**scenes, "output": scenes["a"], "mask": scenes["mask"][..., ::2, ::2]}
    with pytest.raises(ShapeError, match=r"\(24, 1, 32, 32\) of .* are needed, not \(24, 1, 16, 16\)"):
        metric_against(others).update(wrong)


def test_outputs_in_domain_a_are_compared_with_the_a_of_the_reference(scenes, others):
    metric = metric_against(others)
    metric.target = "a"
    assert measured(metric, {**scenes, "a": scenes["b"]}, scenes["a"])["ratio"] < 1
    metric.target = "b"
    metric.reset()
    assert measured(metric, scenes, scenes["a"])["ratio"] == pytest.approx(1)
