import pytest

from i2ikit.build import Builder
from i2ikit.config.evaluation import check_evaluation, directions
from i2ikit.config.mmengine_parts import check_vis_backends

METRICS = {"distance": {"type": "SlicedWasserstein"}, "looks": {"type": "MaskedAppearance"}}


def errors(section, metrics=METRICS):
    builder = Builder()
    check_evaluation(section, metrics, builder)
    return [f"{error.path}: {error.message}" for error in builder.errors]


def test_a_sound_section_has_no_errors():
    assert errors({"every": 5, "metric": "distance.ratio", "stop_after": 3}) == []
    assert errors({"metric": "looks.contrast", "better": "higher"}) == []
    assert errors({}, {}) == []


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"metric": "distanc.ratio"}, "evaluation.metric: there is no metric 'distanc'. Nearest: 'distance'."),
        (
            {"metric": "distance.ratoi"},
            "evaluation.metric: distance has no number 'ratoi' that says which way it counts. Nearest: 'ratio'.",
        ),
        (
            {"metric": "looks.contrast"},
            'evaluation.better: must say which way looks.contrast counts: "lower" or "higher"',
        ),
        ({"stop_after": 2}, "evaluation.stop_after: needs measurements on the way: set evaluation.every"),
    ],
)
def test_each_error_is_named_with_a_way_out(section, message):
    assert errors(section) == [message]


def test_a_run_without_a_direction_would_never_stop():
    assert errors({"every": 2, "stop_after": 2}, {"looks": {"type": "MaskedAppearance"}}) == [
        "evaluation.stop_after: needs to know what should improve: set evaluation.metric"
    ]


def test_an_unknown_metric_is_left_to_the_check_of_metrics():
    assert directions({"type": "SlicedWassersteen"}) == {}
    assert directions("x") == {}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("x", "vis_backends: must be a list of"),
        (["x"], "vis_backends.0: a back end is written as dict"),
        ([{"type": "TensorBoardVisBackend"}], r"no back end is called 'TensorBoardVisBackend'\. Nearest: 'Tensorboard"),
        ([{"type": "LocalVisBackend", "color": 1}], r"0\.color: LocalVisBackend has no argument 'color'"),
    ],
)
@pytest.mark.slow
def test_errors_in_back_ends_are_named(section, message):
    builder = Builder()
    check_vis_backends(section, builder)
    (error,) = builder.errors
    with pytest.raises(ValueError, match=message):
        raise ValueError(f"{error.path}: {error.message}")


@pytest.mark.slow
def test_back_ends_that_mmengine_knows_are_sound():
    builder = Builder()
    check_vis_backends([{"type": "TensorboardVisBackend"}, {"type": "LocalVisBackend"}], builder)
    assert builder.errors == []
