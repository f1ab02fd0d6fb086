"""Applies ``--set key.path=value`` to a config. An unknown key is an error, never a new key."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from i2ikit import model_keys
from i2ikit.build import ConfigProblem, is_part, parameters, registry_of_argument
from i2ikit.config.files import LENGTHS
from i2ikit.config.key_paths import Keys, lookup, split
from i2ikit.config.mmengine_parts import HOOK, OPTIMIZER
from i2ikit.config.sections import COLLECTIONS, DATASET_KEYS, FIXED, REMOVABLE, SECTIONS, fixed_keys, known_hint
from i2ikit.config.values import parse_value
from i2ikit.registry import DATASETS, HEADS, REGISTRIES, SCHEDULES, Registry

BESIDES = {  # keys of a part that its class does not take
    "terms": model_keys.TERM,
    "heads": model_keys.HEAD,
    "discriminators": model_keys.DISCRIMINATOR,
    "views": model_keys.VIEW,
}
NEW_ENTRIES: dict[Keys, type] = {  # sections of free names besides those of parts, and what a name stands for
    ("model", "images"): str,
    ("model", "outputs"): str,
    ("model", "averages"): dict,
}


def apply_overrides(config: dict[str, Any], texts: Sequence[str]) -> tuple[dict[str, Any], list[ConfigProblem]]:
    """Return a copy of a config with ``--set`` options applied in their order, and the errors in them.

    A key is one that the config has, or one that the part at that path takes and the config leaves at its default, or
    the name of a new part, image, output or average. A dict replaces the dict that the config has.

    Args:
        config: plain dicts and lists, the fixed sections filled with their defaults.
        texts: ``key.path=value`` each; list items by their index.
    """
    config, errors = deepcopy(config), []
    for text in texts:
        path, found, value = text.partition("=")
        keys = split(path.strip())
        if not found or not value.strip() or not all(keys):
            errors.append(ConfigProblem(path.strip() or text, "must be written key.path=value"))
            continue
        try:
            wrong = _apply(config, keys, parse_value(value))
        except ValueError as error:
            wrong = str(error)
        if wrong:
            errors.append(ConfigProblem(".".join(keys), wrong))
    return config, errors


def _apply(config: dict[str, Any], keys: Keys, value: Any) -> str:
    """Set one value in ``config``; return what is wrong, or an empty string."""
    holder: Any = config
    for depth, key in enumerate(keys):
        above, last = keys[:depth], depth == len(keys) - 1
        wrong = _wrong_key(config, holder, above, key, value if last else None)
        if wrong:
            return wrong
        entry = int(key) if isinstance(holder, list) else key
        if last:
            removed = value is None and depth > 0 and keys[-2] in REMOVABLE
            if _is_section(keys, lookup(config, keys)) and not (isinstance(value, dict) or removed):
                return f"{'.'.join(keys)} holds {', '.join(holder[entry])}: set one of these instead"
            holder[entry] = value
            if keys[:-1] == ("train",) and key in LENGTHS:  # the one that is set last is kept
                config["train"] = {name: old for name, old in holder.items() if name == key or name not in LENGTHS}
        else:
            holder = holder.setdefault(entry, {}) if isinstance(holder, dict) else holder[entry]
    return ""


def _wrong_key(config: dict[str, Any], holder: Any, above: Keys, key: str, value: Any) -> str:
    """Return why ``key`` cannot be reached or added under ``above``, or an empty string."""
    where = ".".join(above) or "a config"
    if isinstance(holder, list):
        if key.isdigit() and int(key) < len(holder):
            return ""
        return f"{where} is a list of {len(holder)}: an index of it is 0 to {len(holder) - 1}, not {key!r}"
    if not isinstance(holder, dict):
        return f"{where} is {holder!r}, which has no key {key!r}"
    if key in holder or (above and above[-1] in (*COLLECTIONS, "alarms") and is_part(value)):
        return ""
    if isinstance(value, NEW_ENTRIES.get(above, ())):
        return ""
    names = addable(config, above, holder)
    if key in names:
        return ""
    return f"{where} has no {key!r}.{known_hint(key, sorted({*holder, *names}))}"


def addable(config: dict[str, Any], keys: Keys, holder: dict[str, Any]) -> Sequence[str]:
    """Return the names that can be set in the dict under ``keys``, written in the config or not."""
    match keys:
        case ():
            return SECTIONS
        case ("model",):
            return model_keys.MODEL
        case (section,) if section in FIXED:
            return fixed_keys(section)
        case ("model", "phases", _):
            return model_keys.PHASE
        case ("alarms", _):
            return HOOK.arguments(holder.get("type"))
        case ("model", "averages", _):
            return model_keys.AVERAGE
        case ("optimizer",) | ("model", "phases", _, "optimizer") | ("model", "phases", _, "groups", _):
            return OPTIMIZER.arguments({**_dict(config.get("optimizer")), **holder}.get("type"))
        case ("model", "phases", _, "groups"):
            model = _dict(config.get("model"))
            return [name for name in COLLECTIONS[:3] if name in model]
    registry = registry_at(keys)
    if registry is None or not is_part(holder):
        return ()
    taken = [name for name in parameters(registry, holder.get("type")) if name != "widths" or registry is not HEADS]
    return [*taken, "type", *BESIDES.get(registry.plural, ())]


def registry_at(keys: Keys) -> Registry | None:
    """Return the registry of the part under a key path, or None where there is no part."""
    named = tuple(key for key in keys if not key.isdigit())
    if len(named) > 1 and named[-2] in COLLECTIONS:
        return REGISTRIES[named[-2]]
    if named[:1] == ("data",) and named[-1] in DATASET_KEYS:
        return DATASETS
    return SCHEDULES if named[-1:] == ("weight",) else registry_of_argument(named[-1]) if named else None


def _is_section(keys: Keys, value: Any) -> bool:
    """Return whether the value is a dict of several keys, not a part, so that its keys are set one by one."""
    return isinstance(value, dict) and bool(value) and not is_part(value) and "groups" not in keys


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
