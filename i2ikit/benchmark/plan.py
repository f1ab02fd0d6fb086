"""What is compared: which configs, on what, for how long."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from i2ikit.config import find_config, resolve_config
from i2ikit.errors import I2IKitError
from i2ikit.files import write_atomically

PLAN = "plan.json"
ALIKE = ("load_size", "crop_size", "train", "test")  # keys of `data` that runs must share to be compared
TRAINING_OWN = ("transform",)  # what of data.train belongs to the method


class BenchmarkError(I2IKitError):
    """Configs that can't be compared, or a folder that holds another comparison."""


@dataclass(frozen=True)
class Entry:
    """One method.

    Attributes:
        label: what it is called in tables and images.
        name: config as it was asked for.
        config: resolved, without seed.
        steps: length of its runs; 0 until it is known.
    """

    label: str
    name: str
    config: dict[str, Any]
    steps: int


@dataclass(frozen=True)
class Plan:
    """A comparison.

    Attributes:
        entries: the methods.
        seeds: of the runs of each method.
        steps: asked for, or None.
        minutes: of training for each run, or None.
        slices: parts into which each run is cut.
        evaluations: how often each run is measured, the end included.
        device: as `i2ikit train --device` takes it.
    """

    entries: list[Entry]
    seeds: list[int]
    steps: int | None = None
    minutes: float | None = None
    slices: int = 5
    evaluations: int = 10
    device: str = "auto"

    def runs(self) -> list[tuple[Entry, int]]:
        """Return method and seed of all runs."""
        return [(entry, seed) for seed in self.seeds for entry in self.entries]


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see :class:`Plan`."""

    configs: Sequence[str]
    seeds: Sequence[int] = (0,)
    steps: int | None = None
    minutes: float | None = None
    data: Path | None = None
    overrides: Sequence[str] = field(default_factory=tuple)
    slices: int = 5
    evaluations: int = 10
    device: str = "auto"


def make_plan(request: Request) -> Plan:
    """Resolve all configs and see that they can be compared.

    Raises:
        ConfigError: a config has errors.
        BenchmarkError: a config is asked for twice, nothing limits the runs, or data or metrics differ.
    """
    if request.steps is None and request.minutes is None:
        raise BenchmarkError("nothing says how long the runs are: give --steps N, --minutes M, or both.")
    if not request.configs or not request.seeds:
        raise BenchmarkError("a comparison needs at least one config and one seed: CONFIG... --seeds 0,1")
    if len(set(request.seeds)) < len(request.seeds):
        raise BenchmarkError(f"a seed is given twice: --seeds {','.join(map(str, request.seeds))}")
    paths = [find_config(name) for name in request.configs]
    steps = request.steps if request.steps is not None and request.minutes is None else 0
    entries = [
        Entry(label, str(name), resolve_config(path, request.overrides, request.data), steps)
        for label, name, path in zip(labels(paths), request.configs, paths, strict=True)
    ]
    check_alike(entries)
    return Plan(
        entries=entries,
        seeds=list(request.seeds),
        steps=request.steps,
        minutes=request.minutes,
        slices=request.slices,
        evaluations=request.evaluations,
        device=request.device,
    )


def labels(paths: Sequence[Path]) -> list[str]:
    """Return a short name for each config: its folder, and its file too where folders repeat.

    Raises:
        BenchmarkError: a config is named twice.
    """
    resolved = [path.resolve() for path in paths]
    for path in resolved:
        if resolved.count(path) > 1:
            raise BenchmarkError(f"{path} is to be compared with itself: name every config once.")
    folders = [path.parent.name for path in resolved]
    short = [
        path.parent.name if folders.count(path.parent.name) == 1 else f"{path.parent.name}_{path.stem}"
        for path in resolved
    ]
    return [
        label if short.count(label) == 1 else f"{label}_{short[:index].count(label) + 1}"
        for index, label in enumerate(short)
    ]


def check_alike(entries: Sequence[Entry]) -> None:
    """Raise BenchmarkError, naming the first difference, unless all entries share data and metrics."""
    first = entries[0]
    for entry in entries[1:]:
        ours, theirs = measured_on(first.config), measured_on(entry.config)
        for key in ours:
            if ours[key] != theirs[key]:
                raise BenchmarkError(
                    f"{first.name} and {entry.name} cannot be compared: {key} is {shortened(ours[key])} in the first "
                    f"and {shortened(theirs[key])} in the other. Give both the same with --data DIR or --set."
                )


def measured_on(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two configs must share, by key path; how a method cuts and mirrors its training images is its own."""
    data = config["data"]
    found = {f"data.{key}": data.get(key) for key in ALIKE}
    train = data.get("train") or {}
    found["data.train"] = {key: value for key, value in train.items() if key not in TRAINING_OWN}
    return {**found, "metrics": config.get("metrics")}


def shortened(value: Any, length: int = 160) -> str:
    """Return a value in a line."""
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}..."


def keep_plan(folder: Path, plan: Plan) -> Plan:
    """Write the plan into the folder of a new comparison, or return the one that is there, to go on with it.

    Raises:
        BenchmarkError: the folder holds another comparison, or something else.
    """
    path = folder / PLAN
    if path.is_file():
        kept = read_plan(folder)
        different = difference(as_asked(plan), as_asked(kept))
        if different:
            raise BenchmarkError(
                f"{folder} holds another comparison: {different}. Go on with that one by its own command, or name a "
                "new folder with --out."
            )
        return kept
    if folder.exists() and any(folder.iterdir()):
        raise BenchmarkError(f"{folder} is not empty and holds no comparison: name a new folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    write_plan(folder, plan)
    return plan


def as_asked(plan: Plan) -> dict[str, Any]:
    """Return what decides the runs; the steps that minutes come to are found out later."""
    entries = {entry.label: entry.config for entry in plan.entries}
    return json.loads(json.dumps({**asdict(plan), "entries": entries}))


def difference(asked: Any, there: Any, path: str = "") -> str:
    """Say where two plans differ first, or return an empty string."""
    if isinstance(asked, dict) and isinstance(there, dict):
        pairs = [(key, asked.get(key), there.get(key)) for key in {**asked, **there}]
    elif isinstance(asked, list) and isinstance(there, list) and len(asked) == len(there):
        pairs = [(str(index), *pair) for index, pair in enumerate(zip(asked, there, strict=True))]
    else:
        return "" if asked == there else f"{path} is {shortened(asked)} here and {shortened(there)} there"
    found = (difference(here, other, f"{path}.{key}" if path else str(key)) for key, here, other in pairs)
    return next(filter(None, found), "")


def write_plan(folder: Path, plan: Plan) -> None:
    """Write the plan, whole or not at all."""
    write_atomically(folder / PLAN, json.dumps(asdict(plan), indent=1).encode())


def read_plan(folder: Path) -> Plan:
    """Return the plan of a comparison.

    Raises:
        BenchmarkError: there is none, or it is damaged.
    """
    path = folder / PLAN
    try:
        content = json.loads(path.read_text("utf-8"))
        return Plan(**{**content, "entries": [Entry(**entry) for entry in content["entries"]]})
    except FileNotFoundError as error:
        raise BenchmarkError(f"there is no comparison in {folder}: it has no {PLAN}.") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BenchmarkError(f"{path} is damaged: {error}. Name a new folder with --out.") from error
