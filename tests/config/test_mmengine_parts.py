"""The sections of mmengine's parts."""

import pytest

from i2ikit.build import Builder
from i2ikit.config.mmengine_parts import BACKEND, check_list
from i2ikit.config.sections import DEFAULT_ALARMS, with_default_alarms, with_defaults
from i2ikit.config.validate import find_errors


def errors(alarms):
    return [f"{error.path}: {error.message}" for error in find_errors({"alarms": alarms}) if "alarms" in error.path]


def test_unnamed_default_alarms_are_added():
    assert with_default_alarms({}) == {name: {"type": kind} for name, kind in DEFAULT_ALARMS.items()}


def test_an_argument_can_be_changed_without_the_type():
    changed = with_default_alarms({"collapse": {"below": 0.3}})
    assert changed["collapse"] == {"type": "CollapseAlarm", "below": 0.3}
    assert changed["inversion"] == {"type": "InversionAlarm"}


def test_none_switches_one_off_or_all_and_stays_off_when_defaults_are_filled_in_again():
    assert with_defaults(with_defaults({"alarms": {"collapse": None}}))["alarms"]["collapse"] is None
    off = with_defaults(with_defaults({"alarms": None}))["alarms"]
    assert set(off.values()) == {None}


def test_another_alarm_can_be_added():
    alarms = with_default_alarms({"mine": {"type": "CollapseAlarm", "every": 5}})
    assert alarms["mine"] == {"type": "CollapseAlarm", "every": 5}
    assert errors(alarms) == []


@pytest.mark.parametrize(
    ("alarms", "message"),
    [
        ({"collapse": {"type": "ColapseAlarm"}}, "alarms.collapse.type: no hook is called 'ColapseAlarm'. Nearest: "),
        ({"x": {"type": "CollapseAlarm", "belw": 1}}, "alarms.x.belw: CollapseAlarm has no argument 'belw'. Near"),
        ({"x": {"type": "CollapseAlarm", "every": 0}}, "alarms.x: CollapseAlarm refused its arguments: every must be"),
        ({"x": {"type": "IterTimerHook", "y": 2}}, "alarms.x.y: IterTimerHook has no argument 'y'."),
        ({"x": 3}, 'alarms.x: a hook is written as dict(type="...", ...), not 3'),
        ([], 'alarms: must be dict(name=dict(type="..."), ...), not []'),
    ],
)  # fmt: skip
def test_errors_are_found_before_the_run(alarms, message):
    (found,) = errors(alarms)
    assert found.startswith(message)


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
    check_list(section, "vis_backends", BACKEND, builder)
    (error,) = builder.errors
    with pytest.raises(ValueError, match=message):
        raise ValueError(f"{error.path}: {error.message}")


@pytest.mark.slow
def test_back_ends_that_mmengine_knows_are_sound():
    builder = Builder()
    check_list([{"type": "TensorboardVisBackend"}, {"type": "LocalVisBackend"}], "vis_backends", BACKEND, builder)
    assert builder.errors == []
