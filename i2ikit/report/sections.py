"""The parts of the page, each made of plain data; every text is escaped here."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from i2ikit.report.curves import Curve, draw_curve
from i2ikit.report.grids import Frame
from i2ikit.report.objective import TermLine, mapping, read_objective, updates
from i2ikit.report.record import RunRecord

ZOOM = 1.02  # of an image in its place, so that scaling mixes in nothing of the images beside it


def section(title: str, lead: str, content: str) -> str:
    """Return a section; ``content`` is HTML, the rest is text."""
    label = title.lower().replace(" ", "-")
    head = f'<h2 id="{label}">{escape(title)}</h2>\n<p class="lead">{escape(lead)}</p>'
    return f'<section aria-labelledby="{label}">\n{head}\n{content}\n</section>'


def nothing(words: str) -> str:
    """Return the place of something that is not there yet."""
    return f'<p class="none">{escape(words)}</p>'


def facts(record: RunRecord) -> str:
    """Return steps, epochs, time, device and data as terms and descriptions."""
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
    return "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in found.items())


def duration(seconds: float) -> str:
    """Return a time in words: ``7 min 58 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def samples(
    frames: Sequence[Frame], columns: Sequence[str], words: Sequence[str], rows: int, cell: tuple[int, int]
) -> str:
    """Return the samples of the last frame, and what scrolls through the earlier ones.

    Args:
        frames: in the order of their steps, at least one.
        columns, words: image expressions and what they are called.
        rows: samples in a frame.
        cell: width and height of one image in pixels.
    """
    line = len(columns) if len(columns) < 6 else -(-len(columns) // 2)  # images side by side in a sample
    strip = line * min(max(cell[0], 110), 170)  # the least width of a sample on the page
    enlarged = 2 if line == 4 else min(line, 3)
    style = (
        f"--zoom:{ZOOM};--columns:{len(columns)};--line:{line};--enlarged:{enlarged};--rows:{rows};--ratio:{cell[0]}/{cell[1]};--strip:{strip}px;"
        f"--frame:url({frames[-1].picture})"
    )
    strips = "".join(sample(row, rows, columns, words) for row in range(rows))
    return f'{player(frames) if len(frames) > 1 else ""}<ol class="strips" style="{style}">{strips}</ol>'


def sample(row: int, rows: int, columns: Sequence[str], words: Sequence[str]) -> str:
    """Return one sample: a button that enlarges it, with an image and a caption for each column."""
    cells = "".join(
        f'<span class="cell"><span class="image" style="background-position:'
        f'{percent(column, len(columns))} {percent(row, rows)}"></span>'
        f'<span class="caption">{escape(said)} <code>{escape(expression)}</code></span></span>'
        for column, (said, expression) in enumerate(zip(words, columns, strict=True))
    )
    label = escape(f"sample {row + 1}: {', '.join(words)}. Enlarge")
    button = f'<button class="strip" type="button" aria-pressed="false" aria-label="{label}">'
    return f"<li>{button}{cells}</button></li>"


def percent(index: int, count: int) -> str:
    """Return the background position of part ``index`` of ``count``, each drawn ``ZOOM`` times its place."""
    return f"{100 * (index * ZOOM + (ZOOM - 1) / 2) / (count * ZOOM - 1):.5g}%"


def player(frames: Sequence[Frame]) -> str:
    """Return slider, play button and film strip over the frames."""
    last = len(frames) - 1
    thumbs = "".join(
        f'<li><button type="button" aria-current="{"true" if index == last else "false"}" '
        f'aria-label="step {frame.step:,}"><img src="{frame.thumbnail}" alt=""></button></li>'
        for index, frame in enumerate(frames)
    )
    return (
        f'<div class="player"><button type="button">Play</button>'
        f'<input type="range" min="0" max="{last}" value="{last}" step="1" aria-label="samples over time">'
        f'<output>step {frames[-1].step:,}</output></div><ol class="film">{thumbs}</ol>'
    )


def curve_figure(name: str, about: str, curve: Curve, last_step: int) -> str:
    """Return one small multiple: name, last value, what it is, the drawing."""
    values = [value for value in curve.smooth if value is not None]
    shown = f"{values[-1]:.4g}" if values else "no finite value"
    about = escape(about)
    if curve.broken:
        noun = "value is" if curve.broken == 1 else "values are"
        about += f' <span class="broken">{curve.broken:,} {noun} not finite</span>'
    return (
        f'<figure class="curve"><figcaption><b>{escape(name)}</b><output>{shown}</output><small>{about}</small>'
        f"</figcaption>{draw_curve(curve, name, last_step)}</figure>"
    )


def metric_table(metrics: Sequence[tuple[str, float, str]]) -> str:
    """Return a table of metrics: name, value, a sentence of what it is."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{in_digits(value)}</td>'
        f"<td>{escape(meaning)}</td></tr>"
        for name, value, meaning in metrics
    )
    head = (
        '<tr><th scope="col">Metric</th><th scope="col" class="number">Value</th><th scope="col">What it is</th></tr>'
    )
    return f'<div class="table"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def in_digits(value: float) -> str:
    """Return a number with four digits; one that isn't finite in words."""
    return f"{value:.4g}" if math.isfinite(value) else "not finite"


def objective_table(config: Mapping[str, Any]) -> str:
    """Return the terms of each phase with their weights."""
    body = "".join(
        phase_rows(phase, list(lines), updates(config, phase))
        for phase, lines in groupby(read_objective(config), key=lambda line: line.phase)
    )
    if not body:
        return ""
    head = '<tr><th scope="col">Term</th><th scope="col">Weight</th><th scope="col">What it reads</th></tr>'
    return f'<div class="table"><table><thead>{head}</thead>{body}</table></div>'


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


def environment_line(environment: Mapping[str, Any]) -> str:
    """Return what the run ran on."""
    said = {key: value if isinstance(value, str) else ", ".join(listed(value)) for key, value in environment.items()}
    return " ".join(f"<span>{escape(key)}: {escape(value)}</span>" for key, value in said.items() if value)


def listed(value: Any) -> list[str]:
    """Return a value of the environment as words, nested data flattened."""
    if isinstance(value, Mapping):
        return [f"{key} {' '.join(listed(item))}".strip() for key, item in value.items()]
    return [part for item in value for part in listed(item)] if isinstance(value, list) else [str(value)]
