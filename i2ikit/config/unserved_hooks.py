"""Hooks of mmengine that the training loop cannot serve, and what does their work here."""

INSTEAD = {  # by name of mmengine's class; subclasses are refused too
    "CheckpointHook": "The section `checkpoint` saves a run, `evaluation.metric` its best step; see docs/runs.md.",
    "DistSamplerSeedHook": "The order of the images follows from `seed` and the epoch in every process: leave it out.",
    "EarlyStoppingHook": "`evaluation.stop_after` ends a run that no longer improves; see docs/metrics.md.",
    "LoggerHook": "`log.every` sets how often a run logs, `trackers` where else; see docs/trackers.md.",
    "NaiveVisualizationHook": "The section `samples` writes images during a run; see docs/runs.md.",
    "ParamSchedulerHook": "The section `schedule` changes learning rates, and a term's `weight` may be a schedule too.",
    "PrepareTTAHook": "Measurements use test images as they are: leave it out.",
}
NEVER = {  # points of mmengine's loops that a run does not reach; a measurement calls before_ and after_val_epoch
    *("before_val", "before_val_iter", "after_val_iter", "after_val"),
    *("before_test", "before_test_epoch", "before_test_iter", "after_test_iter", "after_test_epoch", "after_test"),
    *("before_save_checkpoint", "after_load_checkpoint"),
}


def why_unserved(hook: type) -> str:
    """Return why the loop cannot serve a class of hooks, and what to use instead; empty: it can."""
    from i2ikit.from_mmengine import Hook  # here, because it imports torch

    for base in hook.__mro__:
        if base.__name__ in INSTEAD and base.__module__.startswith("mmengine."):
            relation = "" if base is hook else f" ({hook.__name__} derives from it)"
            return f"the training loop does not work with {base.__name__}{relation}. {INSTEAD[base.__name__]}"
    points = [name for name in dir(Hook) if name.lstrip("_").startswith(("before_", "after_"))]
    acts = {name for name in points if getattr(hook, name, None) is not getattr(Hook, name)}
    if acts and acts <= NEVER:
        return (
            f"{hook.__name__} would never act: a run has no {', '.join(sorted(acts))}. Derive from RunHook; override "
            "after_step, or after_val_epoch for what follows a measurement; see docs/plugins.md."
        )
    return ""
