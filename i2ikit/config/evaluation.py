"""Checks the sections `evaluation` and `metrics` of a config against each other."""

from collections.abc import Mapping
from typing import Any

from i2ikit.build import Builder, class_of, is_part
from i2ikit.config.sections import known_hint
from i2ikit.interfaces.progress import MeasuredSchedule
from i2ikit.registry import METRICS, SCHEDULES


def check_evaluation(section: Any, metrics: Any, model: Any, builder: Builder) -> None:
    """Report metrics without the base class, unknown values, values without a direction, and keys without effect.

    Args:
        section, metrics: of the config.
        model: of the config; values of its second output have its name in front, as in ``"ba.fid.clean"``.
        builder: collects the errors.
    """
    if not isinstance(section, Mapping) or not isinstance(metrics, Mapping):
        return
    from i2ikit.metrics.base import Metric  # here, because it imports torch

    for name, config in metrics.items():
        metric = class_of(METRICS, config["type"]) if is_part(config) else None
        if metric is not None and not issubclass(metric, Metric):
            builder.error(f"metrics.{name}", f"{metric.__name__} must derive from i2ikit.metrics.base.Metric")
    decisive = section.get("metric")
    if isinstance(decisive, str):
        from i2ikit.translation.outputs import declared_outputs

        others = [*declared_outputs(model)][1:] if isinstance(model, Mapping) else []
        output, _, rest = decisive.partition(".")
        own = rest if output not in metrics and output in others else decisive
        _check_decisive(own, section, metrics, builder)
    if section.get("stop_after") is None:
        return
    if not section.get("every"):
        builder.error("evaluation.stop_after", "needs measurements during the run: set evaluation.every")
    if decisive is None and not any(directions(config) for config in metrics.values()):
        builder.error("evaluation.stop_after", "needs to know which value should improve: set evaluation.metric")


def _check_decisive(full_name: str, section: Mapping[str, Any], metrics: Mapping[str, Any], builder: Builder) -> None:
    name, _, value = full_name.partition(".")
    if name not in metrics:
        hint = (
            known_hint(name, list(metrics))
            if metrics
            else (" The section `metrics` is empty: write evaluation.metric=None as well.")
        )
        builder.error("evaluation.metric", f"there is no metric {name!r} in {full_name!r}.{hint}")
        return
    known = directions(metrics[name])
    if section.get("better") is not None or value in known:
        return
    if known:
        hint = known_hint(value, list(known))
        builder.error("evaluation.metric", f"{name} has no value {value!r} with a direction.{hint}")
    else:
        builder.error("evaluation.better", f'{full_name} has no direction: set it to "lower" or "higher"')


def check_schedule(schedule: Any, section: Any, builder: Builder) -> None:
    """Report a schedule that depends on measurements in a config that makes none during the run."""
    part = class_of(SCHEDULES, schedule["type"]) if is_part(schedule) else None
    if part is None or not issubclass(part, MeasuredSchedule) or not isinstance(section, Mapping):
        return
    for key in ("metric", "every"):
        if not section.get(key):
            builder.error("schedule", f"{part.__name__} needs measurements during the run: set evaluation.{key}")


def directions(config: Any) -> Mapping[str, str]:
    """Return ``"lower"`` or ``"higher"`` for each value of a metric that has a direction."""
    return getattr(class_of(METRICS, config["type"]), "better", {}) if is_part(config) else {}
