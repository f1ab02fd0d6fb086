"""The objective of a run, read from its config: phases, terms and weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TermLine:
    """One term of the objective: its phase and name, the part as a call, the weight in words."""

    phase: str
    name: str
    kind: str
    call: str
    weight: str


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def read_objective(config: Mapping[str, Any]) -> Iterator[TermLine]:
    """Yield the terms of a resolved config, phase by phase; what is not written as expected is left out."""
    phases = mapping(mapping(config.get("model")).get("phases"))
    for phase, content in phases.items():
        for name, term in mapping(mapping(content).get("terms")).items():
            if isinstance(term, Mapping):
                rest = {key: value for key, value in term.items() if key != "weight"}
                weight = in_words(term.get("weight", 1.0))
                yield TermLine(phase, name, str(term.get("type", "")), in_words(rest), weight)


def updates(config: Mapping[str, Any], phase: str) -> str:
    """Return the networks that a phase updates, as words."""
    update = mapping(mapping(mapping(config.get("model")).get("phases")).get(phase)).get("update")
    return ", ".join(map(str, update)) if isinstance(update, list) else ""


def in_words(value: Any) -> str:
    """Return config data as one would write it: ``dict(type="X", a=1)`` becomes ``X(a=1)``."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key}={in_words(item)}" for key, item in value.items() if key != "type")
        return f"{value.get('type', 'dict')}({inside})" if inside or "type" not in value else str(value["type"])
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_words, value))}]"
    return f"{value:g}" if isinstance(value, float) else repr(value)
