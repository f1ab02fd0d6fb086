"""The model card of a run: what was trained on which data, how it was measured, and what it cannot do."""

import ast
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from i2ikit.config.batch import training_size
from i2ikit.config.find import BASE
from i2ikit.config.published import without_folders
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.errors import RunError
from i2ikit.files import write_atomically
from i2ikit.plugin import get_manager
from i2ikit.report.album import read_samples
from i2ikit.report.page import digits, distinct_names, facts, flat_words
from i2ikit.report.record import RunRecord, describe_metric, mapping, read_record
from i2ikit.report.run_files import RunFiles
from i2ikit.report.settings import format_call, read_objective
from i2ikit.work_dir import WorkDir

CARD = "model_card.md"
MOST_SAMPLES = 4
HUB_FIELDS = {
    "library_name": "i2ikit",
    "pipeline_tag": "image-to-image",
    "license": "other",
    "license_name": "not-chosen",
}
HUB_TAGS = ["image-to-image", "unpaired"]


@dataclass(frozen=True)
class CardSample:
    """An image of a data set, and what the generator made of it: paths of files."""

    domain: str
    input: Path
    output: Path


@dataclass(frozen=True)
class CardUse:
    """How a model is called.

    Attributes:
        title: of the card.
        model: what commands name as the checkpoint.
        links: what the card links to: inputs and outputs.
        step: of the checkpoint; None: of any.
        header: before the title, such as YAML.
    """

    title: str
    model: str
    links: Sequence[tuple[str, str]]
    step: int | None = None
    header: str = ""


def write_card(work_dir: Path) -> Path | None:
    """Write the model card of a run beside its checkpoints; None if there is no checkpoint yet.

    Raises:
        RunError: the card cannot be written.
    """
    folder = WorkDir(work_dir).checkpoints
    if not any(folder.glob("*.pt")):
        return None
    record = read_record(work_dir)
    samples = card_samples(record.files)
    links = [(_from_checkpoints(each.input, record), _from_checkpoints(each.output, record)) for each in samples]
    try:
        text = make_card(record, CardUse(distinct_names([work_dir])[0], "WORK_DIR", links))
        write_atomically(folder / CARD, text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise RunError(f"cannot write the model card {folder / CARD}: {error}") from error
    except RecursionError as error:
        raise RunError(
            f"cannot write the model card of {work_dir}: its log or its config is nested too deeply"
        ) from error
    return folder / CARD


def card_samples(files: RunFiles, step: int | None = None) -> list[CardSample]:
    """Return samples of a run, at most four: of its last step, or the last one up to ``step``."""
    folders = [folder for folder in read_samples(files) if step is None or folder.step <= step]
    items = folders[-1].items if folders else []
    pairs = [(item.domain, item.images["input"], item.images.get("output")) for item in items]
    return [CardSample(domain, before, after) for domain, before, after in pairs if after is not None][:MOST_SAMPLES]


def hub_card(checkpoint: Checkpoint, path: Path, name: str) -> tuple[str, dict[str, Path]]:
    """Return the page of a model on the Hugging Face hub, and the images on it by the names that it links to.

    Args:
        checkpoint: the complete one.
        path: of its file; beside the log of its run, which is read, or elsewhere.
        name: of the model.
    """
    about = {"versions": checkpoint.versions, "plugins": checkpoint.plugins}
    step = checkpoint.progress.get("step")
    work_dir = path.absolute().parent.parent
    record = RunRecord(path.parent, environment=about, config=checkpoint.config)
    samples: list[CardSample] = []
    if WorkDir(work_dir).checkpoints == path.absolute().parent and WorkDir(work_dir).log.is_file():
        record = read_record(work_dir)
        samples = card_samples(record.files, step)
    images: dict[str, Path] = {}
    for number, each in enumerate(samples):
        images[f"samples/{number}_input{each.input.suffix}"] = each.input
        images[f"samples/{number}_output{each.output.suffix}"] = each.output
    links = list(zip([*images][::2], [*images][1::2], strict=True))
    method = str(record.environment.get("method", ""))
    fields = {**HUB_FIELDS, "tags": [*HUB_TAGS, *([method] if method else [])]}
    header = f"---\n{yaml.safe_dump(fields, sort_keys=False)}---\n\n"
    return make_card(record, CardUse(name, f"hf://OWNER/{name}", links, step, header)), images


def _from_checkpoints(image: Path, record: RunRecord) -> str:
    return f"../{image.relative_to(record.files.root).as_posix()}"


def make_card(record: RunRecord, use: CardUse) -> str:
    """Return a model card as Markdown.

    Args:
        record: of the run; what is not in it is left out of the card, or said to be unknown.
        use: title, samples, and how the model is called.
    """
    environment = Environment(
        loader=PackageLoader("i2ikit.report"),
        autoescape=False,  # every value of a run goes through one of the filters
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    config: Mapping[str, Any] = without_folders(record.config)
    environment.filters |= {"code": code, "text": text, "call": format_call, "digits": digits}
    return environment.get_template("model_card.md.j2").render(
        use=use,
        facts=card_facts(record),
        method=method_text(str(record.environment.get("method", ""))),
        networks={key: format_call(value) for key, value in _networks(config).items()},
        objective=read_objective(config),
        optimizer=config.get("optimizer"),
        train=mapping(config.get("data")).get("train"),
        test=mapping(config.get("data")).get("test"),
        size=_training_size(record.config),
        metrics=metric_table(record, use.step),
        protocol={key: format_call(value) for key, value in without_folders(record.protocol).items()},
        versions=" ".join(flat_words(record.environment.get("versions", {}))),
        plugins=" ".join(flat_words(record.environment.get("plugins", {}))),
    )


def card_facts(record: RunRecord) -> dict[str, str]:
    """Return method, data, steps and so on as the report has them, without folders."""
    return {
        key: str(without_folders(value)) if key in ("Config", "Data") else value for key, value in facts(record).items()
    }


def method_text(method: str) -> str:
    """Return reference and equations of a method: the docstring of its config; empty if it has none.

    Args:
        method: its name, which a log may hold in any form.
    """
    if not re.fullmatch(r"\w+", method):
        return ""
    for folder in get_manager().config_folders():
        path = folder / BASE / "methods" / f"{method}.py"
        if path.is_file():
            return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return ""


def metric_table(record: RunRecord, step: int | None) -> dict[str, Any]:
    """Return ``steps`` and ``rows`` of measured values.

    The steps are that of the checkpoint if it was measured; else the one of the best value of the metric that chooses
    the best checkpoint, and the last one. A row has ``name``, ``better``, ``about``, and a value or None for each step.
    """
    steps = _measured_steps(record, step)
    rows = [
        {
            "name": name,
            "better": record.better.get(name, ""),
            "about": describe_metric(name, record.config),
            "values": [dict(zip(series.steps, series.values, strict=True)).get(each) for each in steps],
        }
        for name, series in record.metrics.items()
    ]
    return {"steps": steps, "rows": [row for row in rows if any(value is not None for value in row["values"])]}


def _measured_steps(record: RunRecord, step: int | None) -> list[int]:
    measured = {each for series in record.metrics.values() for each in series.steps}
    if step in measured:
        return [step]
    chosen = str(mapping(record.config.get("evaluation")).get("metric", ""))
    best = record.metrics[chosen].best(record.better.get(chosen, "")) if chosen in record.metrics else None
    return sorted({*([best[1]] if best else []), *([max(measured)] if measured else [])})


def _training_size(config: Mapping[str, Any]) -> int | None:
    try:
        return training_size(config)
    except Exception:  # whatever somebody else's config leads to
        return None


def _networks(config: Mapping[str, Any]) -> dict[str, Any]:
    model = mapping(config.get("model"))
    kinds = ("generators", "discriminators", "heads", "extractors", "averages")
    return {f"{kind}.{name}": part for kind in kinds for name, part in mapping(model.get(kind)).items()}


def code(value: Any) -> str:
    """Return a value as a code span, for a table too."""
    inner = " ".join(str(value).replace("`", "'").split()).replace("|", "\\|")
    return f"`{inner}`" if inner else ""


def text(value: Any) -> str:
    """Return a value as words without any markup of Markdown or HTML."""
    escaped = re.sub(r"([\\`*_\[\]#|~])", r"\\\1", " ".join(str(value).split()))
    return html.escape(escaped, quote=False)
