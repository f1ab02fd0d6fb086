"""The run waits for data; pain 23."""

from typing import Any

import pytest

from i2ikit.engine.hooks.alarms import LoaderStallAlarm, loader_stall


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(loader_stall, "time", made)
    return made


def play(run: Any, alarm: LoaderStallAlarm, clock: Clock, steps: int, waiting: float, working: float) -> None:
    for step in range(1, steps + 1):
        clock.now += waiting
        alarm.before_train_iter(run, step - 1)
        clock.now += working
        run.step(alarm, step)


def test_waiting_for_more_than_a_fraction_of_the_time_triggers_with_the_seconds(clock, new_run):
    run = new_run()
    alarm = run.attach(LoaderStallAlarm(above=0.5, steps=10))
    play(run, alarm, clock, 40, waiting=3.0, working=1.0)
    assert len(run.notes) == 1
    assert "waiting for data took 75% of the last 10 steps, 30.0 of 40.0 s (alarm above 50%)" in run.notes[0]
    assert "data.workers=4" in run.notes[0]


def test_waiting_for_less_does_not_trigger(clock, new_run):
    run = new_run()
    play(run, run.attach(LoaderStallAlarm(above=0.5, steps=10)), clock, 40, waiting=1.0, working=1.1)
    assert run.notes == []


def test_the_first_window_is_skipped(clock, new_run):
    run = new_run()
    alarm = run.attach(LoaderStallAlarm(above=0.5, steps=10))
    play(run, alarm, clock, 11, waiting=9.0, working=1.0)
    play(run, alarm, clock, 29, waiting=0.1, working=1.0)
    assert run.notes == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"above": 2}, r"above must be in 0\.\.1"), ({"steps": 0}, "steps must be an integer above 0")],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LoaderStallAlarm(**arguments)
