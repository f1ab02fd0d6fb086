"""The loader keeps the run waiting; pain 23: loader hangs."""

import threading
import time
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


def play(stage: Any, alarm: LoaderStallAlarm, clock: Clock, steps: int, waiting: float, working: float) -> None:
    for step in range(1, steps + 1):
        clock.now += waiting
        alarm.before_train_iter(stage.runner, step - 1)
        clock.now += working
        stage.step(alarm, step)


def test_waiting_for_more_than_a_share_of_the_time_rings_with_the_seconds(clock, new_stage):
    stage = new_stage()
    alarm = stage.watch(LoaderStallAlarm(above=0.5, steps=10))
    play(stage, alarm, clock, 40, waiting=3.0, working=1.0)
    assert len(stage.notes) == 1
    assert "waiting for data took 75% of the last 10 steps, 30.0 of 40.0 s (alarm above 50%)" in stage.notes[0]
    assert "data.workers=4" in stage.notes[0]


def test_waiting_for_less_does_not_ring(clock, new_stage):
    stage = new_stage()
    play(stage, stage.watch(LoaderStallAlarm(above=0.5, steps=10)), clock, 40, waiting=1.0, working=1.1)
    assert stage.notes == []


def test_the_first_window_is_not_judged(clock, new_stage):
    stage = new_stage()
    alarm = stage.watch(LoaderStallAlarm(above=0.5, steps=10))
    play(stage, alarm, clock, 11, waiting=9.0, working=1.0)
    play(stage, alarm, clock, 29, waiting=0.1, working=1.0)
    assert stage.notes == []


def seconds_until(true: Any, most: float = 60.0) -> bool:
    end = time.monotonic() + most
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(true())


def test_a_loader_that_hangs_rings_while_the_run_waits(new_stage):
    stage = new_stage()
    alarm = stage.watch(LoaderStallAlarm(hung_after=0.1))
    alarm.before_train(stage.runner)
    alarm.before_train_epoch(stage.runner)
    assert seconds_until(lambda: stage.notes)
    alarm.close()
    assert "no batch has come for" in stage.notes[0]
    assert "--set data.workers=0" in stage.notes[0]


def test_a_long_step_is_no_hanging_loader(new_stage):
    stage = new_stage()
    alarm = stage.watch(LoaderStallAlarm(hung_after=0.4))  # a busy machine may take its time between the next lines
    alarm.before_train(stage.runner)
    alarm.before_train_epoch(stage.runner)
    alarm.before_train_iter(stage.runner, 0)
    time.sleep(0.8)
    alarm.close()
    assert stage.notes == []


def test_an_alarm_that_is_closed_while_the_run_waits_rings_no_more(new_stage):
    stage = new_stage()
    alarm = stage.watch(LoaderStallAlarm(hung_after=60))
    alarm.before_train(stage.runner)
    alarm.before_train_epoch(stage.runner)
    alarm.close()
    assert alarm._patience is not None
    assert not alarm._patience.is_alive()
    assert stage.notes == []


def test_closing_lets_an_alarm_that_rings_finish_its_sentence(new_stage):
    stage = new_stage()
    alarm = stage.watch(LoaderStallAlarm(hung_after=0.02))
    begun = threading.Event()

    def slow_note(text: str) -> None:
        begun.set()
        time.sleep(0.2)
        stage.notes.append(text)

    alarm.watch.note = slow_note
    alarm.before_train(stage.runner)
    alarm.before_train_epoch(stage.runner)
    assert begun.wait(60)
    alarm.close()
    assert len(stage.lines) == 1, "the line of the log comes after the sentence"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"above": 2}, r"above must lie in 0\.\.1"), ({"hung_after": 0}, "hung_after must be above 0")],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LoaderStallAlarm(**arguments)
