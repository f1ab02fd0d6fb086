"""The sections of a config whose keys are fixed: the check and the default of each key."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from i2ikit.argument_types import LARGEST, shown
from i2ikit.errors import nearest_hint
from i2ikit.kinds import KINDS

Check = Callable[[Any], str]  # returns what is wrong with a value, or an empty string
REQUIRED = ("model", "optimizer", "data", "train")
DEFAULT_ALARMS = {
    "overpowering": "OverpoweringAlarm",
    "collapse": "CollapseAlarm",
    "nothing_learned": "NothingLearnedAlarm",
    "inversion": "InversionAlarm",
    "loader_stall": "LoaderStallAlarm",
}


def known_hint(name: str, known: Sequence[str]) -> str:
    """Return the nearest of the known names for a message, or all of them where none is near."""
    return nearest_hint(name, known) or f" Known here: {', '.join(known) or 'nothing'}."


def _check(fine: Callable[[Any], bool], words: str) -> Check:
    """Return a check that refuses a value with ``must be WORDS, not VALUE``."""
    return lambda value: "" if fine(value) else f"must be {words}, not {shown(value)}"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_number(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_range(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value)))


def _for_domains(fine: Callable[[Any], bool], words: str) -> Check:
    """Return a check of one value for both domains, or of ``dict(a=..., b=...)``."""

    def both(value: Any) -> bool:
        values = value.values() if isinstance(value, Mapping) and set(value) == {"a", "b"} else [value]
        return all(map(fine, values))

    return _check(both, f"{words}, or dict(a=..., b=...) of them")


def integer(minimum: int) -> Check:
    """Return a check for integers of at least ``minimum``."""
    return _check(lambda value: _is_integer(value) and value >= minimum, f"an integer of at least {minimum}")


def above(limit: float) -> Check:
    """Return a check for numbers above ``limit``."""
    return _check(lambda value: _is_number(value) and value > limit, f"a number above {limit}")


def within(low: float, high: float = math.inf) -> Check:
    """Return a check for numbers from ``low`` to ``high``."""
    words = f"of at least {low}" if high == math.inf else f"in {low}..{high}"
    return _check(lambda value: _is_number(value) and low <= value <= high, f"a number {words}")


def one_of(*known: str) -> Check:
    """Return a check for one of a few words."""
    return _check(lambda value: value in known, f"one of {', '.join(known)}")


def _is_metric_value(value: Any) -> bool:
    metric, _, name = value.partition(".") if isinstance(value, str) else ("", "", "")
    return bool(metric and name)


def side(value: Any) -> str:
    """Return what is wrong with the side of square images; two sides belong to a transform."""
    wrong = integer(1)(value)
    if wrong and isinstance(value, list) and len(value) == 2:
        wrong += ". For images that are not square, write a transform, such as " + (
            f"--set data.train.transform='dict(type=Resize, size={value[1]}, height={value[0]})'"
        )
    return wrong


text = _check(lambda value: isinstance(value, str) and bool(value.strip()), "some text")
switch = _check(lambda value: isinstance(value, bool), "True or False")
texts = _check(
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value), "a list of texts"
)
metric_value = _check(_is_metric_value, 'a metric and its value, such as "wasserstein.ratio"')
channels = _for_domains(lambda value: _is_integer(value) and 1 <= value <= 64, "an integer in 1..64")
value_range = _for_domains(_is_range, "[low, high]")


def progressive(value: Any) -> str:
    """Return what is wrong with the sizes of ``data.progressive``."""
    try:
        stages = [(integer(2)(divisor), divisor, part) for divisor, part in value]
        fine = all(not wrong and _is_number(part) and 0 < part <= 1 for wrong, _, part in stages)
        in_order = all(one[1] > two[1] and one[2] < two[2] for one, two in pairwise(stages))
    except (TypeError, ValueError):
        fine = in_order = False
    words = "[[divisor, part], ...], such as [[4, 0.2], [2, 0.5]], integers above 1 that fall and parts of 1 that rise"
    return "" if fine and in_order else f"must be {words}, not {shown(value)}"


@dataclass(frozen=True)
class Key:
    """One key of a fixed section: its check and its default; without a default an unset key is left out."""

    check: Check
    default: Any = None


FIXED: Mapping[str, Mapping[str, Key]] = {
    "data": {
        "load_size": Key(side),
        "crop_size": Key(side),
        "batch_size": Key(integer(1), 1),
        "workers": Key(integer(0), 2),
        "channels": Key(channels),
        "value_range": Key(value_range),
        "alpha": Key(one_of("white", "black", "ignore", "keep")),
        "clip": Key(switch),
        "draft": Key(switch),
        "progressive": Key(progressive),
        "prefetch": Key(integer(1), 2),
        "timeout": Key(within(0), 600),
        "bad_fraction": Key(within(0, 1), 0.01),
        "cache": Key(switch, False),
        "cache_dir": Key(text),
    },
    "train": {
        "epochs": Key(integer(1)),
        "steps": Key(integer(1)),
        "precision": Key(one_of("fp32", "tf32", "bf16", "fp16"), "fp32"),
        "accumulate": Key(integer(1), 1),
        "clip_gradients": Key(above(0)),
        "checkpoint_activations": Key(switch, False),
        "compile": Key(switch, False),
        "cuda_graph": Key(switch, False),
        "plain": Key(switch, False),
    },
    "log": {"every": Key(integer(1), 50)},
    "samples": {
        "every": Key(integer(1), 500),
        "count": Key(integer(1), 8),
        "gallery": Key(integer(0), 100),
        "show": Key(texts, []),
    },
    "checkpoint": {"every": Key(integer(1), 1000), "keep": Key(integer(1), 3), "keep_every": Key(integer(1))},
    "evaluation": {
        "every": Key(integer(0), 0),
        "weights": Key(one_of("average", "raw"), "average"),
        "metric": Key(metric_value),
        "better": Key(one_of("lower", "higher")),
        "stop_after": Key(integer(1)),
    },
}
DATASET_KEYS = ("train", "test")  # the keys of `data` that are parts
COLLECTIONS = tuple(kind.plural for kind in KINDS if kind.named)  # of named parts
REMOVABLE = (*COLLECTIONS, "phases", "averages", "images", "outputs")  # None takes an inherited entry of them out
SECTIONS = (  # in the order of a written config
    "imports", "plugins", "model", "optimizer", "schedule", *FIXED, "metrics", "alarms", "seed", "hooks",
    "trackers", "vis_backends",
)  # fmt: skip


def fixed_keys(section: str) -> list[str]:
    """Return the keys of a fixed section, those of `data` that are parts among them."""
    return [*FIXED[section], *(DATASET_KEYS if section == "data" else ())]


def with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with its sections in their order and every unset key that has a default.

    Sections that are not dicts stay as they are, for the validation to report.
    """
    filled = {"seed": 0, "metrics": {}, "hooks": [], **config}
    filled["alarms"] = with_default_alarms(filled.get("alarms", {}))
    for name, keys in FIXED.items():
        section = filled.get(name, {})
        if isinstance(section, Mapping) and (name in config or name not in REQUIRED):
            defaults = {key: spec.default for key, spec in keys.items() if spec.default is not None}
            filled[name] = {**defaults, **section}
    return {name: filled[name] for name in (*SECTIONS, *filled) if name in filled}


def with_default_alarms(section: Any) -> Any:
    """Return the section ``alarms`` with the default alarms that it does not mention.

    A dict without a ``type`` changes arguments of the default alarm of that name. None switches an alarm off; None for
    the complete section switches all of them off.
    """
    if section is None:
        return dict.fromkeys(DEFAULT_ALARMS)
    if not isinstance(section, Mapping):
        return section  # an error for the validation
    return {name: {"type": kind} for name, kind in DEFAULT_ALARMS.items()} | {
        name: {"type": DEFAULT_ALARMS[name], **alarm}
        if isinstance(alarm, Mapping) and name in DEFAULT_ALARMS
        else alarm
        for name, alarm in section.items()
    }


def without_removed(config: Any, inside: str = "") -> Any:
    """Return a config without the entries of ``REMOVABLE`` that are None, which is how a config drops an inherited one.

    Args:
        config: a config, or its value under the key ``inside``.
    """
    if not isinstance(config, Mapping):
        return config
    named = inside in REMOVABLE
    return {
        key: without_removed(value, "" if inside in COLLECTIONS else key)
        for key, value in config.items()
        if not (named and value is None)
    }
