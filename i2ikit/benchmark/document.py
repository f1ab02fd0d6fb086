"""A comparison as a piece of a page in Markdown: tables, plots, and what each method makes of the same inputs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from i2ikit.benchmark.folder import Run
from i2ikit.benchmark.output import PLOTS, tables
from i2ikit.benchmark.plan import BenchmarkError
from i2ikit.benchmark.plots import shown_metrics
from i2ikit.benchmark.tables import Table
from i2ikit.errors import nearest_hint
from i2ikit.report.image_store import read_image
from i2ikit.report.items import read_gallery
from i2ikit.report.record import read_record
from i2ikit.report.sections import duration

BLOCK = "<!-- begin {name} -->\n{text}\n<!-- end {name} -->"
SIDE, HEAD, GAP = 128, 22, 4  # pixels of an example, of the line above the examples, between them
DRAWN = ("quality_over_time", "speed_and_quality")  # the plots that a page shows


def fill(page: str, name: str, text: str) -> str:
    """Return a page whose block ``name``, between its two comments, has a new text.

    Raises:
        BenchmarkError: the page has no such block.
    """
    pattern = re.compile(rf"<!-- begin {re.escape(name)} -->.*?<!-- end {re.escape(name)} -->", re.DOTALL)
    if not pattern.search(page):
        known = re.findall(r"<!-- begin (.*?) -->", page)
        raise BenchmarkError(f"the page has no block '<!-- begin {name} -->'.{nearest_hint(name, known)}")
    block = BLOCK.format(name=name, text=text)
    return pattern.sub(lambda _: block, page)


def describe(results: Mapping[str, Any], runs: Sequence[Run], name: str, images: str) -> str:
    """Return a comparison as Markdown.

    Args:
        results: of :func:`summarize`.
        runs: of the comparison.
        name: of the comparison, with which its image files begin.
        images: address of the folder of the images, from the page.
    """
    parts = [conditions(results, runs)]
    parts += [markdown(table) for table in tables(results)]
    parts += [agreement(results)]
    parts += [f"![{PLOTS[plot]}]({images}/{name}_{plot}.png)" for plot in drawn(results)]
    parts += [f"![Inputs, and what each method made of them]({images}/{name}_examples.png)"]
    return "\n\n".join(part for part in parts if part)


def drawn(results: Mapping[str, Any]) -> Sequence[str]:
    """Return the names of the plots that a page shows; those of the quality, where one was measured."""
    return DRAWN if shown_metrics(results) else ()


def conditions(results: Mapping[str, Any], runs: Sequence[Run]) -> str:
    """Return budget, seeds and machine in a sentence each."""
    plan = results["plan"]
    seeds = ", ".join(map(str, plan["seeds"]))
    budget = f"{plan['minutes']:g} minutes" if plan["minutes"] else f"{plan['steps']:,} steps"
    total = duration(sum(run["seconds"] for run in results["runs"]))
    said = [f"Budget: {budget} of training for each run; seeds {seeds}; {total} of training in all."]
    environment = next((found.environment for run in runs if (found := read_record(run.work_dir)).environment), {})
    versions = environment.get("versions")
    machine = [f"device {environment['device']}" if "device" in environment else ""]
    machine += [f"torch {versions['torch']}" if isinstance(versions, Mapping) and "torch" in versions else ""]
    machine += [f"{environment['threads']} threads" if "threads" in environment else ""]
    words = ", ".join(word for word in machine if word)
    return " ".join([*said, *([f"Machine: {words}."] if words else [])])


def markdown(table: Table) -> str:
    """Return a table in Markdown, the best figure of each column bold."""
    rows = [
        [f"**{cell}**" if column in row.best else cell for column, cell in enumerate(row.cells)] for row in table.rows
    ]
    rule = ["---", *(["---:"] * (len(table.head) - 1))]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [table.head, rule, *rows]]
    return f"**{table.title}.** {table.lead}\n\n" + "\n".join(lines)


def agreement(results: Mapping[str, Any]) -> str:
    """Return how far the metrics without truth rank the measurements as those against paired truth do, as a table."""
    found: Mapping[str, Mapping[str, float | None]] = results["agreement"]
    truth = list(dict.fromkeys(other for row in found.values() for other in row))
    if not truth:
        return ""
    count = sum(len(run["evaluations"]) for run in results["runs"])
    lines = ["| metric | " + " | ".join(truth) + " |", "| --- |" + " ---: |" * len(truth)]
    for name, row in found.items():
        cells = ["–" if (value := row.get(other)) is None else f"{value:+.2f}" for other in truth]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lead = f"**Agreement with the paired truth.** Spearman's rank correlation over {count} measurements of all runs; "
    return lead + "1 is perfect agreement, 0 none.\n\n" + "\n".join(lines)


def examples(runs: Sequence[Run], rows: int = 4) -> Image.Image | None:
    """Return an image of some inputs and of what the first run of each method made of them at its end.

    Args:
        runs: of the comparison.
        rows: most inputs, >= 1; they are evenly spaced over the test images.

    Returns:
        a row for each input: the input, each method, and the truth where it is known; None where no run is finished.
    """
    first = {run.entry.label: run for run in reversed(runs) if read_gallery(gallery_of(run))}
    columns = [label for label in dict.fromkeys(run.entry.label for run in runs) if label in first]
    if not columns:
        return None
    galleries = {
        label: {item["name"]: item for item in read_gallery(gallery_of(first[label]))["items"]} for label in columns
    }
    names = [name for name in galleries[columns[0]] if all(name in found for found in galleries.values())]
    chosen = [names[index * len(names) // min(rows, len(names))] for index in range(min(rows, len(names)))]
    lines = []
    for name in chosen:
        start = galleries[columns[0]][name]
        folder = gallery_of(first[columns[0]])
        line = [read_image(folder / start["input"])]
        line += [read_image(gallery_of(first[label]) / galleries[label][name]["output"]) for label in columns]
        lines.append([*line, *([read_image(folder / start["truth"])] if "truth" in start else [])])
    heads = ["input", *columns, *(["truth"] if any(len(line) > len(columns) + 1 for line in lines) else [])]
    return sheet(heads, lines)


def gallery_of(run: Run) -> Path:
    """Return the folder of a run's test images."""
    return run.work_dir / "samples" / "gallery"


def sheet(heads: Sequence[str], lines: Sequence[Sequence[Image.Image | None]]) -> Image.Image:
    """Return images in rows below the names of their columns; a missing one leaves its place empty."""
    size = (len(heads) * (SIDE + GAP) - GAP, HEAD + len(lines) * (SIDE + GAP) - GAP)
    whole = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(13)
    for column, head in enumerate(heads):
        draw.text((column * (SIDE + GAP) + SIDE / 2, HEAD / 2), head, fill="black", font=font, anchor="mm")
    for row, line in enumerate(lines):
        for column, image in enumerate(line):
            if image is not None:
                place = column * (SIDE + GAP), HEAD + row * (SIDE + GAP)
                whole.paste(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC), place)
    return whole
