"""The config of a run as a report shows it: the objective as a table, and what differs between runs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from i2ikit.report.record import mapping


@dataclass(frozen=True)
class ObjectiveTerm:
    """One term of the objective: its name, the class, the part as a call, and the weight."""

    name: str
    kind: str
    call: str
    weight: str


@dataclass(frozen=True)
class ObjectivePhase:
    """One phase: its name, the networks that it updates, and its terms."""

    name: str
    updates: str
    terms: list[ObjectiveTerm]


def read_objective(config: Mapping[str, Any]) -> list[ObjectivePhase]:
    """Return the phases of a resolved config that have terms; what has an unexpected form is left out."""
    phases = []
    for name, content in mapping(mapping(config.get("model")).get("phases")).items():
        update = mapping(content).get("update")
        terms = [
            ObjectiveTerm(
                name=term_name,
                kind=str(term.get("type", "")),
                call=format_call({key: value for key, value in term.items() if key != "weight"}),
                weight=format_call(term.get("weight", 1.0)),
            )
            for term_name, term in mapping(mapping(content).get("terms")).items()
            if isinstance(term, Mapping)
        ]
        if terms:
            phases.append(ObjectivePhase(name, ", ".join(map(str, update)) if isinstance(update, list) else "", terms))
    return phases


def format_call(value: Any) -> str:
    """Return config data as a call: ``dict(type="X", a=1)`` becomes ``X(a=1)``."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key}={format_call(item)}" for key, item in value.items() if key != "type")
        return f"{value.get('type', 'dict')}({inside})" if inside or "type" not in value else str(value["type"])
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(format_call, value))}]"
    return f"{value:g}" if isinstance(value, float) else repr(value)


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the settings that differ, by key path, with the value of each config ("–" where it is not set).

    The objective is left out.
    """
    flat = [dict(flatten(config)) for config in configs]
    rows = {key: [each.get(key, "–") for each in flat] for key in dict.fromkeys(key for each in flat for key in each)}
    return {key: row for key, row in rows.items() if len(set(row)) > 1 and not key.startswith("model.phases.")}


def flatten(config: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield key path and value, as text, of every setting."""
    if isinstance(config, Mapping) and config:
        for key, value in config.items():
            yield from flatten(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, format_plain(config)


def format_plain(value: Any) -> str:
    """Return plain data as a line of text: a string as it is, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
