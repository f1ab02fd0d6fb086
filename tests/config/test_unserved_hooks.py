"""Hooks of mmengine that a run cannot serve are refused before it starts."""

import pytest
from mmengine.registry import HOOKS

from i2ikit.build import Builder
from i2ikit.config.mmengine_parts import HOOK, check_list
from i2ikit.config.unserved_hooks import INSTEAD, why_unserved
from i2ikit.from_mmengine import Hook

SERVED = {  # each is tried in tests of the engine, except those that need an NPU
    *("EMAHook", "EmptyCacheHook", "IterTimerHook", "NPUProfilerHook", "ProfilerHook", "RuntimeInfoHook"),
    "SyncBuffersHook",
}


def errors(*hooks):
    builder = Builder()
    check_list(list(hooks), "hooks", HOOK, builder)
    return [f"{error.path}: {error.message}" for error in builder.errors]


def test_every_hook_of_mmengine_is_either_served_or_refused():
    HOOK.known()
    of_mmengine = {name: hook for name, hook in HOOKS.module_dict.items() if hook.__module__.startswith("mmengine.")}
    refused = {name for name, hook in of_mmengine.items() if why_unserved(hook)}
    assert set(of_mmengine) - refused == SERVED
    assert refused == set(INSTEAD)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("EarlyStoppingHook", "evaluation.stop_after"),
        ("ParamSchedulerHook", "section `schedule`"),
        ("CheckpointHook", "section `checkpoint`"),
        ("LoggerHook", "`trackers`"),
        ("NaiveVisualizationHook", "section `samples`"),
        ("DistSamplerSeedHook", "leave it out"),
        ("PrepareTTAHook", "leave it out"),
    ],
)
def test_the_message_names_what_to_use_instead(name, key):
    (error,) = errors({"type": name})
    assert error.startswith(f"hooks.0: the training loop does not work with {name}. ")
    assert key in error


def test_a_subclass_is_refused_too(temporary_hook):
    HOOK.known()
    name = temporary_hook(type("MyStop", (HOOKS.module_dict["EarlyStoppingHook"],), {}))
    (error,) = errors({"type": name, "monitor": "fid.fid"})
    assert "EarlyStoppingHook (MyStop derives from it). `evaluation.stop_after`" in error


def test_a_hook_that_would_never_act_is_refused(temporary_hook):
    class AfterTest(Hook):
        def after_test_epoch(self, runner, metrics=None) -> None: ...

    (error,) = errors({"type": temporary_hook(AfterTest)})
    assert "AfterTest would never act: a run has no after_test_epoch. Derive from RunHook" in error


def test_hooks_that_act_in_training_are_served(temporary_hook):
    class Both(Hook):
        def after_test_epoch(self, runner, metrics=None) -> None: ...
        def before_train_iter(self, runner, batch_idx, data_batch=None) -> None: ...

    assert errors({"type": temporary_hook(Both)}, {"type": "IterTimerHook", "priority": "VERY_HIGH"}) == []


def test_an_odd_priority_is_refused():
    (error,) = errors({"type": "IterTimerHook", "priority": "SOON"})
    assert "priority must be an integer in 0..100 or one of HIGHEST" in error
