import re
from typing import ClassVar

import pytest

from i2ikit.trackers.base import Tracker, flat, missing_package, short_name


def test_a_config_becomes_values_by_key_path():
    config = {"train": {"steps": 5, "plain": True}, "taps": ("stem", "down1"), "hooks": [{"type": "A"}, {"type": "B"}]}
    assert flat(config) == {
        "train.steps": 5,
        "train.plain": True,
        "taps": "stem, down1",
        "hooks.0.type": "A",
        "hooks.1.type": "B",
    }


def test_lists_of_lists_none_and_odd_objects_have_values():
    assert flat({"a": [[1, 2], [3]], "b": None, "c": [], "d": 1 + 2j}) == {
        "a.0": "1, 2",
        "a.1": "3",
        "b": None,
        "c": "",
        "d": "(1+2j)",
    }


class LostTracker(Tracker):
    needs: ClassVar[tuple[str, ...]] = ("json", "not_there")


def test_a_missing_package_is_named_with_the_command_that_installs_it():
    assert missing_package(LostTracker) == "LostTracker needs not_there: pip install not_there"
    own = type("WandbTracker", (LostTracker,), {"__module__": "i2ikit.trackers.wandb"})
    assert short_name(own) == "wandb"
    assert missing_package(own) == "WandbTracker needs not_there: pip install 'i2ikit[wandb]'"
    assert missing_package(Tracker) == ""


@pytest.mark.parametrize("name", ["aim", "comet", "mlflow", "tensorboard", "wandb"])
def test_each_tracker_has_an_extra_of_its_name(name):
    from i2ikit.registry import TRACKERS
    from tests.trackers.conftest import PYPROJECT

    assert name in {short_name(TRACKERS.get(key)) for key in TRACKERS.names()}
    assert re.search(rf"^{name} = \[", PYPROJECT.read_text(), re.M)
