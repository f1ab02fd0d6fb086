"""The keys of the section ``checkpoint``."""

import pytest

from i2ikit.config.sections import FIXED, with_defaults


def wrong(key: str, value: object) -> str:
    return FIXED["checkpoint"][key].check(value)


def test_what_stays_is_the_last_three_and_no_best_unless_asked_for():
    assert with_defaults({})["checkpoint"] == {"every": 1000, "keep": 3, "best_is": "lower"}


@pytest.mark.parametrize(("key", "value"), [("keep_every", 1), ("best", "distance.whole"), ("best_is", "higher")])
def test_sound_values_pass(key, value):
    assert wrong(key, value) == ""


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("keep_every", 0, "must be a whole number of at least 1, not 0"),
        ("best", "distance", "must be a metric and its number"),
        ("best", 3, "not 3"),
        ("best_is", "smaller", "must be one of lower, higher, not 'smaller'"),
    ],
)
def test_wrong_values_are_told(key, value, message):
    assert message in wrong(key, value)
