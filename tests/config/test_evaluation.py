import pytest

from i2ikit.build import Builder
from i2ikit.config.evaluation import check_evaluation, directions
from i2ikit.config.sections import FIXED
from i2ikit.registry import METRICS

CONFIGS = {"distance": {"type": "SlicedWasserstein"}, "looks": {"type": "MaskedAppearance"}}


def errors(section, metrics=CONFIGS, generators=("ab",)):
    builder = Builder()
    check_evaluation(section, metrics, {"generators": dict.fromkeys(generators)}, builder)
    return [f"{error.path}: {error.message}" for error in builder.errors]


def test_a_sound_section_has_no_errors():
    assert errors({"every": 5, "metric": "distance.ratio", "stop_after": 3}) == []
    assert errors({"metric": "looks.contrast", "better": "higher"}) == []
    assert errors({}, {}) == []


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"metric": "distanc.ratio"},
            "evaluation.metric: there is no metric 'distanc' in 'distanc.ratio'. Nearest: 'distance'.",
        ),
        (
            {"metric": "distance.ratoi"},
            "evaluation.metric: distance has no value 'ratoi' with a direction. Nearest: 'ratio'.",
        ),
        (
            {"metric": "looks.contrast"},
            'evaluation.better: looks.contrast has no direction: set it to "lower" or "higher"',
        ),
        ({"stop_after": 2}, "evaluation.stop_after: needs measurements during the run: set evaluation.every"),
    ],
)
def test_each_error_is_named_with_a_way_out(section, message):
    assert errors(section) == [message]


def test_without_metrics_none_can_decide():
    assert errors({"metric": "distance.ratio"}, {}) == [
        "evaluation.metric: there is no metric 'distance' in 'distance.ratio'. The section `metrics` is empty: write "
        "evaluation.metric=None as well."
    ]


def test_values_of_the_second_generator_have_its_name_in_front():
    assert errors({"metric": "ba.distance.ratio"}, generators=("ab", "ba")) == []
    assert errors({"metric": "ba.distance.ratio"}) == [
        "evaluation.metric: there is no metric 'ba' in 'ba.distance.ratio'. Known here: distance, looks."
    ]
    assert errors({"metric": "ba.distance.ratoi"}, generators=("ab", "ba")) == [
        "evaluation.metric: distance has no value 'ratoi' with a direction. Nearest: 'ratio'."
    ]


@pytest.mark.parametrize("value", ["distance", 3])
def test_the_decisive_value_is_written_as_metric_and_value(value):
    assert "must be a metric and its value, such as" in FIXED["evaluation"]["metric"].check(value)


def test_a_run_without_a_direction_would_never_stop():
    assert errors({"every": 2, "stop_after": 2}, {"looks": {"type": "MaskedAppearance"}}) == [
        "evaluation.stop_after: needs to know which value should improve: set evaluation.metric"
    ]


def test_a_metric_without_the_base_class_is_an_error():
    class Bare:
        pass

    METRICS.register_module()(Bare)
    assert errors({}, {"x": {"type": "Bare"}}) == ["metrics.x: Bare must derive from i2ikit.metrics.base.Metric"]
    METRICS.module_dict.pop("Bare")


def test_an_unknown_metric_is_left_to_the_check_of_metrics():
    assert directions({"type": "SlicedWassersteen"}) == {}
    assert directions("x") == {}
