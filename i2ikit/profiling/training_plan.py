"""What a config would train, without training it: for `i2ikit check`."""

import math
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from torch.optim import Optimizer

from i2ikit.build import Builder
from i2ikit.config.batch import batch_shapes
from i2ikit.config.progressive import size_error, smaller_shapes
from i2ikit.config.trial import build_trial_model
from i2ikit.data.loading import MapDataset
from i2ikit.engine.assemble import run_length, steps_per_epoch
from i2ikit.engine.data import build_dataset, build_train_loader
from i2ikit.engine.optim import build_optimizers
from i2ikit.errors import DataError, I2IKitError, ShapeError
from i2ikit.interfaces.progress import Progress, RateCurve, Schedule, rate_curve, schedule_length
from i2ikit.profiling.step import StepCost, step_cost
from i2ikit.registry import SCHEDULES
from i2ikit.translation import UnpairedTranslation

POINTS = 200  # steps of a run at which schedules are evaluated
EPOCHS = 10_000  # that are evaluated one by one, to find the corners
ROWS = 12  # rows of the table of a schedule without corners


@dataclass
class TrainingPlan:
    """What a config would train.

    Attributes:
        config: resolved and valid.
        model: on the meta device if its parts can be built there.
        optimizers: by name of the phase.
        items: number of items by split; None for a data set that was not found.
        data_error: why it was not found.
        steps_per_epoch, epochs, steps: length of the run; None while the data is missing.
        schedule: rows of a table, from the first to the last step; empty where nothing changes.
        rate: factor of the learning rate over the run; None while its length is unknown.
        dataset: the training data; None if it was not found.
        shapes: of a batch by domain, (B, C, H, W); set by :func:`add_costs`, as are the next three.
        costs: of a step by override: the config itself (``""``), settings that save memory, and progressive sizes.
        cost_error: why the costs are unknown.
        shape_error: why a training would fail at its first step.
    """

    config: dict[str, Any]
    model: UnpairedTranslation
    optimizers: dict[str, Optimizer]
    items: dict[str, int | None] = field(default_factory=dict)
    data_error: DataError | None = None
    steps_per_epoch: int | None = None
    epochs: int | None = None
    steps: int | None = None
    schedule: list[dict[str, Any]] = field(default_factory=list)
    rate: RateCurve | None = None
    dataset: MapDataset | None = None
    shapes: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    costs: dict[str, StepCost] = field(default_factory=dict)
    cost_error: str = ""
    shape_error: ShapeError | None = None

    def weight(self, phase: str, term: str) -> str:
        """Return the weight of a term, or the name of its schedule, as text."""
        weight = self.config["model"]["phases"][phase]["terms"][term].get("weight", 1.0)
        return weight["type"] if isinstance(weight, dict) else f"{weight:g}"


def plan_training(config: dict[str, Any]) -> TrainingPlan:
    """Build the parts of a valid config, and count its data."""
    model, errors = build_trial_model(config)
    assert model is not None, errors
    optimizers = build_optimizers(model.phases, model.networks, config["optimizer"])
    plan = TrainingPlan(config, model, optimizers)
    _count_data(plan)
    _add_schedule(plan)
    return plan


def _count_data(plan: TrainingPlan) -> None:
    data = plan.config["data"]
    for split in ("train", "test"):
        if data.get(split) is None:
            continue
        plan.items[split] = None
        builder = Builder()
        try:
            dataset = build_dataset(data, split, builder)
            builder.raise_errors()
            assert dataset is not None, "errors were raised"
            plan.items[split] = len(dataset)
            if split == "train":
                plan.dataset = dataset
                loader = build_train_loader(dataset, {**data, "workers": 0, "cache": False}, 0)
                plan.steps_per_epoch = steps_per_epoch(loader, plan.config["train"]["accumulate"])
        except DataError as error:
            plan.data_error = plan.data_error or error


def add_costs(plan: TrainingPlan) -> None:
    """Estimate the cost of a step, also with the settings that save memory; this takes seconds."""
    train = plan.config["train"]
    settings: list[dict[str, Any]] = [{}]
    if train["precision"] == "fp32":
        settings.append({"precision": "bf16"})
    if not train["checkpoint_activations"]:
        settings.append({"checkpoint_activations": True})
    try:
        plan.shapes = batch_shapes(plan.config, plan.model, plan.dataset)
        problem = size_error(plan.config, plan.shapes)
        if problem is not None:
            plan.shape_error = ShapeError(f"{problem.path}: {problem.message}")
            return
        for setting in settings:
            name = ", ".join(f"train.{key}={value}" for key, value in setting.items())
            plan.costs[name] = step_cost({**plan.config, "train": {**train, **setting}}, plan.shapes)
        for divisor, shapes in smaller_shapes(plan.config, plan.shapes).items():
            plan.costs[f"1/{divisor} of the size, at first"] = step_cost(plan.config, shapes)
    except I2IKitError as error:
        plan.cost_error = str(error)


def _add_schedule(plan: TrainingPlan) -> None:
    """Compute the length of the run and the table of its schedules."""
    length, per_epoch = plan.config["train"], plan.steps_per_epoch
    steps = epochs = length.get("epochs")
    if per_epoch is not None:
        steps, epochs = plan.steps, plan.epochs = run_length(length, per_epoch, None).values()
    if epochs:
        plan.schedule = schedule_rows(plan, epochs, steps, per_epoch or 1)
        plan.rate = rate_curve(_rate(plan), steps, epochs)


def schedule_rows(plan: TrainingPlan, epochs: int, steps: int, per_epoch: int) -> list[dict[str, Any]]:
    """Return learning rate and weights over the run: at the corners of their curves, or evenly if there are many."""
    series, length = _series(plan), schedule_length(_rate(plan))
    by_epoch = epochs >= POINTS // 10
    unit, last = ("epoch", epochs) if by_epoch else ("step", steps)
    rows = []
    stride = -(-last // (EPOCHS if by_epoch else POINTS))
    for position in sorted({*range(1, last, stride), last}):
        step = (position - 1) * per_epoch + 1 if by_epoch else position
        progress = Progress((step - 1) // per_epoch + 1, step, epochs, steps).stretched(length)
        rows.append({unit: position, **{name: float(schedule(progress)) for name, schedule in series.items()}})
    changing = [name for name in series if len({row[name] for row in rows}) > 1]
    slopes = [
        [(after[name] - row[name]) / (after[unit] - row[unit]) for name in changing] for row, after in pairwise(rows)
    ]
    corners = [
        index
        for index, (before, after) in enumerate(pairwise(slopes), start=1)
        if not all(map(partial(math.isclose, abs_tol=1e-9), before, after))
    ]
    if len(corners) > ROWS:
        corners = [round(index * (len(rows) - 1) / ROWS) for index in range(1, ROWS)]
    shown = [0, *corners, len(rows) - 1] if changing else []
    return [{key: rows[index][key] for key in (unit, *changing)} for index in shown]


def _series(plan: TrainingPlan) -> dict[str, Schedule]:
    """Return the schedules of the run by name."""
    series: dict[str, Schedule] = {}
    if plan.config.get("schedule") is not None:
        series["learning rate x"] = _rate(plan)
    for phase in plan.model.phases.values():
        for name, weighted in phase.terms.items():
            series[f"weight of {name}"] = weighted.weight
    return series


def _rate(plan: TrainingPlan) -> Schedule:
    """Return the schedule of the learning rate."""
    schedule: Schedule | None = Builder().part(
        SCHEDULES, plan.config.get("schedule") or {"type": "Constant"}, "schedule"
    )
    assert schedule is not None, "the config is valid"
    return schedule
