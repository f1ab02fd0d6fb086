"""The sections of a config whose keys are fixed: what each key may be, and what it is when nobody sets it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from i2ikit.config.hooks import with_default_alarms
from i2ikit.errors import nearest_hint
from i2ikit.kinds import KINDS

Check = Callable[[Any], str]
REQUIRED = ("model", "optimizer", "data", "train")


def known_hint(name: str, known: Sequence[str]) -> str:
    """Return the nearest of the known names for a message, or all of them where none is near."""
    return nearest_hint(name, known) or f" Known here: {', '.join(known) or 'nothing'}."


def whole(minimum: int) -> Check:
    """Return a check for whole numbers of at least ``minimum``; a check says what is wrong, or an empty string."""

    def check(value: Any) -> str:
        fine = isinstance(value, int) and not isinstance(value, bool) and value >= minimum
        return "" if fine else f"must be a whole number of at least {minimum}, not {value!r}"

    return check


def above(limit: float) -> Check:
    """Return a check for numbers above ``limit``."""

    def check(value: Any) -> str:
        fine = isinstance(value, int | float) and not isinstance(value, bool) and value > limit
        return "" if fine else f"must be a number above {limit}, not {value!r}"

    return check


def within(low: float, high: float = math.inf) -> Check:
    """Return a check for numbers from ``low`` to ``high``."""

    def check(value: Any) -> str:
        fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        words = f"of at least {low}" if high == math.inf else f"in {low}..{high}"
        return "" if fine else f"must be a number {words}, not {value!r}"

    return check


def text(value: Any) -> str:
    """Say that a value is no text with letters, or return an empty string."""
    return "" if isinstance(value, str) and value.strip() else f"must be some text, not {value!r}"


def one_of(*known: str) -> Check:
    """Return a check for one of a few words."""

    def check(value: Any) -> str:
        return "" if value in known else f"must be one of {', '.join(known)}, not {value!r}"

    return check


def value_name(value: Any) -> str:
    """Return what is wrong with the full name of a value of a metric, or an empty string."""
    metric, _, number = value.partition(".") if isinstance(value, str) else ("", "", "")
    fine = bool(metric and number)
    return "" if fine else f'must be a metric and its value, such as "wasserstein.ratio", not {value!r}'


def switch(value: Any) -> str:
    """Say what is wrong with a value that should be True or False, or return an empty string."""
    return "" if isinstance(value, bool) else f"must be True or False, not {value!r}"


def channels(value: Any) -> str:
    """Say what is wrong with the channels of images, or return an empty string."""
    numbers = list(value.values()) if isinstance(value, Mapping) and set(value) == {"a", "b"} else [value]
    fine = all(isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 64 for number in numbers)
    return "" if fine else f"must be a whole number in 1..64, or dict(a=..., b=...) of them, not {value!r}"


def value_range(value: Any) -> str:
    """Say what is wrong with the range of the numbers in files, or return an empty string."""
    ranges = list(value.values()) if isinstance(value, Mapping) and set(value) == {"a", "b"} else [value]
    number = above(-math.inf)
    pairs = [each for each in ranges if each is not None]
    fine = all(isinstance(pair, list | tuple) and len(pair) == 2 and not any(map(number, pair)) for pair in pairs)
    return "" if fine else f"must be [low, high], or dict(a=..., b=...) of them, not {value!r}"


@dataclass(frozen=True)
class Key:
    """One key of a fixed section: its check and its default; None means that it is left out unless it is set."""

    check: Check
    default: Any = None


FIXED: Mapping[str, Mapping[str, Key]] = {
    "data": {
        "load_size": Key(whole(1)),
        "crop_size": Key(whole(1)),
        "batch_size": Key(whole(1), 1),
        "workers": Key(whole(0), 2),
        "channels": Key(channels),
        "value_range": Key(value_range),
        "alpha": Key(one_of("white", "black", "ignore", "keep")),
        "clip": Key(switch),
        "draft": Key(switch),
        "prefetch": Key(whole(1), 2),
        "timeout": Key(within(0), 600),
        "bad_fraction": Key(within(0, 1), 0.01),
        "cache": Key(switch, False),
        "cache_dir": Key(text),
    },
    "train": {
        "epochs": Key(whole(1)),
        "steps": Key(whole(1)),
        "precision": Key(one_of("fp32", "bf16", "fp16"), "fp32"),
        "accumulate": Key(whole(1), 1),
        "clip_gradients": Key(above(0)),
        "checkpoint_activations": Key(switch, False),
    },
    "log": {"every": Key(whole(1), 50)},
    "samples": {"every": Key(whole(1), 500), "count": Key(whole(1), 8), "gallery": Key(whole(0), 100)},
    "checkpoint": {
        "every": Key(whole(1), 1000),
        "keep": Key(whole(1), 3),
        "keep_every": Key(whole(1)),
    },
    "evaluation": {
        "every": Key(whole(0), 0),
        "weights": Key(one_of("average", "raw"), "average"),
        "metric": Key(value_name),
        "better": Key(one_of("lower", "higher")),
        "stop_after": Key(whole(1)),
    },
}
DATASET_KEYS = ("train", "test")  # the keys of `data` that are parts
COLLECTIONS = tuple(kind.plural for kind in KINDS if kind.named)  # of named parts
SECTIONS = (
    "plugins",
    "model",
    "optimizer",
    "schedule",
    *FIXED,
    "metrics",
    "alarms",
    "seed",
    "hooks",
    "vis_backends",
)  # in the order of a written config


def with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config, its sections in their order, in which every key that has a default is there to be read.

    Sections that are not dicts are left as they are: validation says what is wrong with them.
    """
    filled = {"seed": 0, "metrics": {}, "hooks": [], **config}
    filled["alarms"] = with_default_alarms(filled.get("alarms", {}))
    for name, keys in FIXED.items():
        section = filled.get(name, {})
        if isinstance(section, Mapping) and (name in config or name not in REQUIRED):
            defaults = {key: spec.default for key, spec in keys.items() if spec.default is not None}
            filled[name] = {**defaults, **section}
    return {name: filled[name] for name in sorted(filled, key=_place)}


def without_removed(config: Any, inside: str = "") -> Any:
    """Return a config without the named parts and phases that are None: so an inherited one is taken out.

    Args:
        config: a config, or what stands in it under the key ``inside``.
    """
    if not isinstance(config, Mapping):
        return config
    named = inside in (*COLLECTIONS, "phases")
    return {
        key: without_removed(value, "" if inside in COLLECTIONS else key)
        for key, value in config.items()
        if not (named and value is None)
    }


def _place(name: str) -> int:
    return SECTIONS.index(name) if name in SECTIONS else len(SECTIONS)
