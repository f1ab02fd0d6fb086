import pytest

from i2ikit.engine.hooks.alarms import CollapseAlarm, InversionAlarm, NothingLearnedAlarm


def constant(images):
    return 0 * images


def test_it_rings_after_so_many_low_looks_in_a_row_and_once_for_all(new_stage):
    stage = new_stage(constant)
    alarm = stage.watch(CollapseAlarm(every=10, start=20, times=2), "collapse")
    rung = []
    for step in range(1, 61):
        stage.step(alarm, step)
        rung += [step] * (len(stage.notes) > len(rung))
    assert rung == [30]  # 10 is before the start, 20 the first low look
    (line,) = stage.lines
    assert (line["event"], line["alarm"], line["step"]) == ("alarm", "collapse", 30)
    assert stage.notes[0].startswith("Alarm 'collapse' at step 30: the outputs of generator 'ab' are nearly one image")
    assert "People go back to a checkpoint" in stage.notes[0]
    assert "--set alarms.collapse=none" in stage.notes[0]


def test_a_look_that_is_fine_begins_the_count_anew(new_stage):
    made = {"scale": 0.0}
    stage = new_stage(lambda images: made["scale"] * images)
    alarm = stage.watch(CollapseAlarm(every=1, start=1, times=3))
    for step, scale in enumerate([0, 0, 1, 0, 0, 1, 0, 0], start=1):
        made["scale"] = scale
        stage.step(alarm, step)
    assert stage.notes == []


def test_a_resumed_alarm_goes_on_counting_and_does_not_ring_twice(new_stage):
    stage = new_stage(constant)
    alarm = stage.watch(CollapseAlarm(every=1, start=1, times=2))
    stage.step(alarm, 1)
    resumed = stage.watch(CollapseAlarm(every=1, start=1, times=2))
    resumed.load_state_dict(alarm.state_dict())
    stage.step(resumed, 2)
    assert len(stage.notes) == 1
    again = stage.watch(CollapseAlarm(every=1, start=1, times=1))
    again.load_state_dict(resumed.state_dict())
    stage.step(again, 3)
    assert len(stage.notes) == 1


def test_alarms_share_the_translations_of_a_step(new_stage):
    calls = []

    def outputs(images):
        calls.append(len(images))
        return -images

    stage = new_stage(outputs)
    alarms = [CollapseAlarm(every=5, start=1), NothingLearnedAlarm(every=5, start=1), InversionAlarm(every=5, start=1)]
    watch = stage.watch(alarms[0]).watch
    for alarm in alarms:
        alarm.attach(watch)
    for step in range(1, 11):
        for alarm in alarms:
            stage.step(alarm, step)
    assert calls == [1] * 12  # six images at the steps 5 and 10


def test_an_alarm_that_is_attached_to_nothing_is_silent(new_stage):
    stage = new_stage(constant)
    stage.step(CollapseAlarm(every=1, start=1, times=1), 1)
    assert stage.notes == []


@pytest.mark.parametrize("argument", ["every", "start", "times"])
def test_counts_are_whole_numbers_above_0(argument):
    with pytest.raises(ValueError, match=f"{argument} must be a whole number above 0, not 0"):
        CollapseAlarm(**{argument: 0})
