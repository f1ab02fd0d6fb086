"""The parts of the page that are words and tables, made of plain data; every text is escaped here."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from i2ikit.report.curves import COLORS, Curve, draw_curves
from i2ikit.report.measures import Measured
from i2ikit.report.objective import TermLine, mapping, read_objective, updates
from i2ikit.report.record import RunRecord

MOST_DIFFERENCES = 60  # rows of the table of what differs between configs
ARROWS = {"higher": "↑", "lower": "↓"}


def section(title: str, lead: str, content: str) -> str:
    """Return a section; ``content`` is HTML, the rest is text."""
    label = title.lower().replace(" ", "-")
    head = f'<h2 id="{label}">{escape(title)}</h2>\n' + (f'<p class="lead">{escape(lead)}</p>' if lead else "")
    return f'<section aria-labelledby="{label}">\n{head}\n{content}\n</section>'


def nothing(words: str) -> str:
    """Return the place of something that is not there yet."""
    return f'<p class="none">{escape(words)}</p>'


def swatch(run: int) -> str:
    """Return the mark in the color of a run."""
    return f'<i class="swatch" style="--line:var(--run{run % COLORS})"></i>'


def facts(record: RunRecord) -> dict[str, str]:
    """Return steps, epochs, time, device and data of a run in words."""
    last, seconds = record.last, record.last.get("time")
    found: dict[str, str] = {}
    if "step" in last:
        found["Steps"] = f"{last['step']:,}"
    if isinstance(last.get("epoch"), int):
        found["Epochs"] = f"{last['epoch']:,}"
    if isinstance(seconds, int | float) and seconds > 0:
        found["Time"] = duration(seconds)
        found["Speed"] = f"{last['step'] / seconds:.3g} steps/s"
    if "device" in record.environment:
        found["Device"] = str(record.environment["device"])
    data = mapping(mapping(record.config.get("data")).get("train"))
    if "type" in data:
        found["Data"] = str(data.get("root", data["type"]))
    return found


def head(records: Sequence[RunRecord], names: Sequence[str]) -> str:
    """Return what stands below the title: the facts of one run, or a table of several."""
    said = [facts(record) for record in records]
    if len(records) == 1:
        return f'<dl class="facts">{descriptions(said[0])}</dl>'
    keys = list(dict.fromkeys(key for each in said for key in each))
    rows = [
        [f"{swatch(run)}{escape(name)}", *(escape(each.get(key, "")) for key in keys)]
        for run, (name, each) in enumerate(zip(names, said, strict=True))
    ]
    return table(["Run", *keys], rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: bool = False) -> str:
    """Return a table; the head is text, cells are HTML, the first of each row names it."""
    kind = ' class="number"' if numbers else ""
    top = "".join(f'<th scope="col"{kind if index else ""}>{escape(name)}</th>' for index, name in enumerate(head))
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td{kind}>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return f'<div class="table" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def duration(seconds: float) -> str:
    """Return a time in words: ``7 min 58 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def curve_figure(name: str, about: str, curves: Mapping[int, Curve], names: Sequence[str], last_step: int) -> str:
    """Return one small multiple: name, last value of each run, what it is, the drawing."""
    values = "".join(
        f"<li>{swatch(run)}{escape(names[run]) if len(names) > 1 else ''}<output>{last_value(curve)}</output></li>"
        for run, curve in curves.items()
    )
    about = escape(about)
    broken = sum(curve.broken for curve in curves.values())
    if broken:
        noun = "value is" if broken == 1 else "values are"
        about += f' <span class="broken">{broken:,} {noun} not finite</span>'
    kind = "curve several" if len(names) > 1 else "curve"
    return (
        f'<figure class="{kind}"><figcaption><b>{escape(name)}</b><ul>{values}</ul><small>{about}</small>'
        f"</figcaption>{draw_curves(curves, name, last_step)}</figure>"
    )


def last_value(curve: Curve) -> str:
    """Return the last finite value of a curve in words."""
    values = [value for value in curve.smooth if value is not None]
    return f"{values[-1]:.4g}" if values else "no finite value"


def metric_table(rows: Sequence[tuple[str, str, str, Sequence[Measured | None]]], names: Sequence[str]) -> str:
    """Return a table of metrics: best and last value of each run, the best of all runs marked.

    Args:
        rows: name, direction ("higher", "lower" or ""), sentence, and for each run what it measured.
        names: of the runs.
    """
    runs = [""] if len(names) == 1 else [f"{name}, " for name in names]
    head = ["Metric", *(f"{run}{kind}" for run in runs for kind in ("best", "last"))]
    return table(head, [metric_row(*row) for row in rows], numbers=True)


def metric_row(name: str, better: str, meaning: str, found: Sequence[Measured | None]) -> list[str]:
    """Return the cells of one metric."""
    marked = best_of(found, better) if len(found) > 1 else (None, None)
    arrow = f' <span class="arrow" title="{better} is better">{ARROWS[better]}</span>' if better in ARROWS else ""
    return [
        f"{escape(name)}{arrow}<small>{escape(meaning)}</small>",
        *(
            value_cell(point, marked[which] == run)
            for run, each in enumerate(found)
            for which, point in enumerate((each.best if each else None, each.last if each else None))
        ),
    ]


def value_cell(point: tuple[float, int] | None, best: bool) -> str:
    """Return a value with its step, set off where it is the best of all runs."""
    if point is None:
        return "–"
    kind = ' class="winner"' if best else ""
    return f"<b{kind}>{in_digits(point[0])}</b> <small>at {point[1]:,}</small>"


def best_of(found: Sequence[Measured | None], better: str) -> tuple[int | None, int | None]:
    """Return which run has the best of the best values and which the best of the last ones; None without an order."""
    sign = {"lower": 1, "higher": -1}.get(better)
    if sign is None:
        return None, None
    places = []
    for points in ([each.best if each else None for each in found], [each.last if each else None for each in found]):
        known = [(sign * point[0], run) for run, point in enumerate(points) if point and math.isfinite(point[0])]
        places.append(min(known)[1] if known else None)
    return places[0], places[1]


def in_digits(value: float) -> str:
    """Return a number with four digits; one that isn't finite in words."""
    return f"{value:.4g}" if math.isfinite(value) else "not finite"


def protocol(said: Mapping[str, Any]) -> str:
    """Return how metrics were measured, as terms and descriptions."""
    if not said:
        return ""
    lines = descriptions({str(key): in_line(value) for key, value in said.items()})
    return f'<details><summary>The protocol</summary><dl class="protocol">{lines}</dl></details>'


def descriptions(said: Mapping[str, str]) -> str:
    """Return the inside of a list of descriptions."""
    return "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in said.items())


def in_line(value: Any) -> str:
    """Return plain data as a line of text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def objective_table(config: Mapping[str, Any]) -> str:
    """Return the terms of each phase with their weights."""
    body = "".join(
        phase_rows(phase, list(lines), updates(config, phase))
        for phase, lines in groupby(read_objective(config), key=lambda line: line.phase)
    )
    if not body:
        return ""
    head = '<tr><th scope="col">Term</th><th scope="col">Weight</th><th scope="col">What it reads</th></tr>'
    return f'<div class="table" tabindex="0"><table><thead>{head}</thead>{body}</table></div>'


def phase_rows(phase: str, lines: Sequence[TermLine], updated: str) -> str:
    """Return the terms of one phase as a body of a table."""
    title = f"phase {phase}" + (f", updates {updated}" if updated else "")
    rows = "".join(
        f'<tr><th scope="row">{escape(line.name)}</th><td class="weight">{escape(line.weight)}</td>'
        f"<td><code>{escape(line.call)}</code></td></tr>"
        for line in lines
    )
    return f'<tbody><tr class="group"><th scope="rowgroup" colspan="3">{escape(title)}</th></tr>{rows}</tbody>'


def config_listing(text: str) -> str:
    """Return the resolved config, folded."""
    return f'<details><summary>The whole config</summary><pre tabindex="0"><code>{escape(text)}</code></pre></details>'


def differences(configs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return a table of the settings that differ, the objective left out, or nothing where none do."""
    flat = [dict(settings(config)) for config in configs]
    keys = list(dict.fromkeys(key for each in flat for key in each))
    different = [key for key in keys if len({each.get(key, "") for each in flat}) > 1]
    if not different:
        return ""
    rows = [
        [f"<code>{escape(key)}</code>", *(f"<code>{escape(each.get(key, '–'))}</code>" for each in flat)]
        for key in different[:MOST_DIFFERENCES]
    ]
    more = len(different) - len(rows)
    rest = f'<p class="lead">And {more} more.</p>' if more > 0 else ""
    return f"<h3>What differs besides the objective</h3>{table(['Setting', *names], rows)}{rest}"


def settings(config: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield key path and value of every setting but those of the objective."""
    if path == "model.phases":
        return
    if isinstance(config, Mapping) and config:
        for key, value in config.items():
            yield from settings(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, in_line(config)


def environment_line(environment: Mapping[str, Any]) -> str:
    """Return what the run ran on."""
    said = {key: value if isinstance(value, str) else ", ".join(listed(value)) for key, value in environment.items()}
    return " ".join(f"<span>{escape(key)}: {escape(value)}</span>" for key, value in said.items() if value)


def listed(value: Any) -> list[str]:
    """Return a value of the environment as words, nested data flattened."""
    if isinstance(value, Mapping):
        return [f"{key} {' '.join(listed(item))}".strip() for key, item in value.items()]
    return [part for item in value for part in listed(item)] if isinstance(value, list) else [str(value)]
