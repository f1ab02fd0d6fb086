"""Finds errors between the sections `evaluation` and `metrics` of a config."""

from collections.abc import Mapping
from typing import Any

from i2ikit.build import Builder, is_part
from i2ikit.config.sections import known_hint
from i2ikit.errors import I2IKitError
from i2ikit.registry import METRICS


def check_evaluation(section: Any, metrics: Any, builder: Builder) -> None:
    """Note numbers that no metric has, numbers of which nobody says which way they count, and keys without effect."""
    if not isinstance(section, Mapping) or not isinstance(metrics, Mapping):
        return
    name = section.get("metric")
    if isinstance(name, str):
        _check_metric(name, section, metrics, builder)
    if section.get("stop_after") is None:
        return
    if not section.get("every"):
        builder.error("evaluation.stop_after", "needs measurements on the way: set evaluation.every")
    if name is None and not any(directions(config) for config in metrics.values()):
        builder.error("evaluation.stop_after", "needs to know what should improve: set evaluation.metric")


def _check_metric(full_name: str, section: Mapping[str, Any], metrics: Mapping[str, Any], builder: Builder) -> None:
    name, _, number = full_name.partition(".")
    if name not in metrics:
        builder.error("evaluation.metric", f"there is no metric {name!r}.{known_hint(name, list(metrics))}")
        return
    known = directions(metrics[name])
    if known and number not in known and section.get("better") is None:
        hint = known_hint(number, list(known))
        builder.error("evaluation.metric", f"{name} has no number {number!r} that says which way it counts.{hint}")
    elif not known and section.get("better") is None:
        builder.error("evaluation.better", f'must say which way {full_name} counts: "lower" or "higher"')


def directions(config: Any) -> Mapping[str, str]:
    """Return which way the numbers of a metric count, by number; nothing where the metric does not say."""
    if not is_part(config):
        return {}
    try:
        return getattr(METRICS.get(str(config["type"])), "better", {})
    except I2IKitError:  # the check of the metrics reports it
        return {}
