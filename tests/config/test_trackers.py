"""The section `trackers` and the option that adds to it."""

import pytest

from i2ikit.build import Builder
from i2ikit.cli.train import with_trackers
from i2ikit.config.validate import check_trackers
from i2ikit.errors import I2IKitError
from i2ikit.trackers import base


def errors(section):
    builder = Builder()
    check_trackers(section, builder)
    return [f"{error.path}: {error.message}" for error in builder.errors]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("wandb", "trackers: must be a list of dict(type=\"...\"), not 'wandb'"),
        (["wandb"], "trackers.0: a tracker is written as dict(type=\"...\", ...), not 'wandb'"),
        ([{"type": "WanbTracker"}], "trackers.0.type: no tracker is called 'WanbTracker'. Nearest: 'WandbTracker'"),
        ([{"type": "TensorBoardTracker", "color": 1}], "trackers.0.color: TensorBoardTracker has no argument 'color'"),
    ],
)
def test_errors_are_named(section, message):
    (error,) = errors(section)
    assert error.startswith(message)


def test_a_missing_package_is_found_without_a_run(monkeypatch):
    monkeypatch.setattr(base, "find_spec", lambda module: None)
    message = "TensorBoardTracker needs tensorboard: pip install 'i2ikit[tensorboard]'"
    assert errors([{"type": "TensorBoardTracker"}]) == [f"trackers.0.type: {message}"]
    with pytest.raises(I2IKitError) as caught:
        with_trackers({}, ["tensorboard"])
    assert str(caught.value) == message


def test_the_option_adds_trackers_that_the_config_lacks(monkeypatch):
    monkeypatch.setattr(base, "find_spec", lambda module: module)
    config = {"trackers": [{"type": "WandbTracker", "project": "zebras"}]}
    added = with_trackers(config, ["wandb", "MLflow", "mlflow"])
    assert added["trackers"] == [{"type": "WandbTracker", "project": "zebras"}, {"type": "MLflowTracker"}]
    assert with_trackers(config, []) is config


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(I2IKitError, match=r"no tracker is called 'wanb'\. Nearest: 'wandb'.* Trackers: aim, comet, "):
        with_trackers({}, ["wanb"])
