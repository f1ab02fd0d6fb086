import pytest

from i2ikit.engine.hooks.alarms import CollapseAlarm, InversionAlarm, NothingLearnedAlarm


def constant(images):
    return 0 * images


def test_it_triggers_after_consecutive_low_checks_and_once(new_run):
    run = new_run(constant)
    alarm = run.attach(CollapseAlarm(every=10, start=20, times=2), "collapse")
    triggered = []
    for step in range(1, 61):
        run.step(alarm, step)
        triggered += [step] * (len(run.notes) > len(triggered))
    assert triggered == [30]  # 10 is before the start, 20 the first low check
    (line,) = run.lines
    assert (line["event"], line["alarm"], line["step"]) == ("alarm", "collapse", 30)
    assert run.notes[0].startswith("Alarm 'collapse' at step 30: the outputs of 'ab' are nearly one image")
    assert "Return to an earlier checkpoint" in run.notes[0]
    assert "--set alarms.collapse=none" in run.notes[0]


def test_a_normal_check_restarts_the_count(new_run):
    made = {"scale": 0.0}
    run = new_run(lambda images: made["scale"] * images)
    alarm = run.attach(CollapseAlarm(every=1, start=1, times=3))
    for step, scale in enumerate([0, 0, 1, 0, 0, 1, 0, 0], start=1):
        made["scale"] = scale
        run.step(alarm, step)
    assert run.notes == []


def test_a_resumed_alarm_continues_counting_and_does_not_trigger_twice(new_run):
    run = new_run(constant)
    alarm = run.attach(CollapseAlarm(every=1, start=1, times=2))
    run.step(alarm, 1)
    resumed = run.attach(CollapseAlarm(every=1, start=1, times=2))
    resumed.load_state_dict(alarm.state_dict())
    run.step(resumed, 2)
    assert len(run.notes) == 1
    again = run.attach(CollapseAlarm(every=1, start=1, times=1))
    again.load_state_dict(resumed.state_dict())
    run.step(again, 3)
    assert len(run.notes) == 1


def test_alarms_share_the_translations_of_a_step(new_run):
    calls = []

    def outputs(images):
        calls.append(len(images))
        return -images

    run = new_run(outputs)
    alarms = [CollapseAlarm(every=5, start=1), NothingLearnedAlarm(every=5, start=1), InversionAlarm(every=5, start=1)]
    fixed = run.attach(alarms[0]).fixed
    for alarm in alarms:
        alarm.fixed = fixed
    for step in range(1, 11):
        for alarm in alarms:
            run.step(alarm, step)
    assert calls == [1] * 12  # six images at the steps 5 and 10


def test_an_alarm_without_fixed_images_is_inactive(new_run):
    run = new_run(constant)
    run.step(CollapseAlarm(every=1, start=1, times=1), 1)
    assert run.notes == []


@pytest.mark.parametrize("argument", ["every", "start", "times"])
def test_counts_are_integers_above_0(argument):
    with pytest.raises(ValueError, match=f"{argument} must be an integer above 0, not 0"):
        CollapseAlarm(**{argument: 0})
