"""What the fields of a checkpoint have to be."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from i2ikit.config.sections import FIXED, integer, text, within
from i2ikit.model_keys import SAME

ANY = object  # a type that every value is of
EXTRA_STATE = "_extra_state"  # torch's name of what a module keeps that is no tensor

PART = {"type": text}
NETWORK = {"type?": text, f"{SAME}?": text}
HEAD = {**NETWORK, "of?": text, "taps?": [str]}
CONFIG = {
    "model?": {
        **{f"{kind}?": {str: NETWORK} for kind in ("generators", "discriminators", "extractors")},
        "heads?": {str: HEAD},
        "averages?": {str: {"of": text}},
        "phases?": {str: {"terms?": {str: PART}}},
    },
    **{f"{section}?": {str: ANY} for section in (*FIXED, "optimizer")},
    "metrics?": {str: PART},
    "hooks?": [{str: ANY}],
    "trackers?": [{str: ANY}],
    "vis_backends?": [{str: ANY}],
    "plugins?": [str],
    "seed?": integer(0),
}
CHECKPOINT = {
    "config": str,
    "model": {str: ANY},
    "optimizers": {str: {"state": {int: {str: (Tensor, int, float, type(None))}}, "param_groups": [{str: ANY}]}},
    "progress": {str: integer(0)},
    "versions": {str: str},
    "plugins": {str: {str: str}},
    "extra": {ANY: ANY},
    "checksum": str,
}
PLACE = dict.fromkeys(("step", "steps", "epoch", "epochs"), integer(0))  # of a step in its run
RUN = {  # what a run needs to be resumed
    "progress": {**PLACE, "batch": integer(0), "batches": integer(0)},
    "extra": {
        "hooks": {str: ANY},
        "scaler": {str: ANY},
        "seconds": within(0, 1e12),
        "files": {str: (int, str)},
        "machine": {str: (int, str)},
    },
}
FAILED_STEP = {"batches": [{str: ANY}], "firsts": [integer(0)], "phase": text, "losses": {str: float}}
MEASUREMENT = {  # a line of the log
    "metrics": {str: (int, float)},
    "missing": {str: str},
    "better": {str: str},
    "paired": [str],
    "protocol": {str: ANY},
}
BEST = {"metric": str, "step": integer(0), "value": (int, float), "metrics": {str: (int, float)}}  # in the last of them


def find_mismatch(value: Any, schema: Any, key: str = "") -> str:
    """Return the key and what is wrong of the first value that is not as a schema demands; empty: there is none.

    Args:
        value: plain data.
        schema: a type, or a tuple of types; a check of a value; ``[schema]`` of all items; ``{type: schema}`` of all
            values, whose keys are of the type; or ``{"name": schema, "name?": schema}``, where the second may be left
            out, and other keys are not looked at.
        key: of ``value``, for messages.
    """
    if isinstance(schema, list):
        if not isinstance(value, list | tuple):
            return f"{key} must be a list, not {_kind(value)}"
        return _first(find_mismatch(item, schema[0], f"{key}.{index}") for index, item in enumerate(value))
    if isinstance(schema, dict):
        return _find_in_dict(value, schema, key)
    if isinstance(schema, type | tuple):
        fits = isinstance(value, schema) and not (isinstance(value, bool) and schema is not ANY)
        return "" if fits else f"{key} must not be {_kind(value)}"
    wrong = schema(value)
    return f"{key} {wrong}" if wrong else ""


def _find_in_dict(value: Any, schema: Mapping[Any, Any], key: str) -> str:
    if not isinstance(value, Mapping):
        return f"{key or 'it'} must be a dict, not {_kind(value)}"
    prefix = f"{key}." if key else ""
    ((kind, inner), *_) = schema.items()
    if isinstance(kind, type):
        odd = next((name for name in value if not isinstance(name, kind)), None)
        if odd is not None:
            return f"{key or 'it'} has the key {odd!r}"
        return _first(find_mismatch(item, inner, f"{prefix}{name}") for name, item in value.items())
    missing = next((name for name in schema if not name.endswith("?") and name not in value), None)
    if missing is not None:
        return f"it has no {prefix + missing!r}"
    present = {name.removesuffix("?"): inner for name, inner in schema.items() if name.removesuffix("?") in value}
    return _first(find_mismatch(value[name], inner, f"{prefix}{name}") for name, inner in present.items())


def find_odd_weight(model: Mapping[str, Any]) -> str:
    """Return the key of the first value of a state dict that is no tensor; empty: there is none."""
    odd = next((key for key, value in model.items() if not (isinstance(value, Tensor) or EXTRA_STATE in key)), None)
    return f"model.{odd} must be a tensor, not {_kind(model[odd])}" if odd is not None else ""


def _first(problems: Any) -> str:
    return next(filter(None, problems), "")


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
