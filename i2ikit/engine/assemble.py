"""From a config to the built parts of a run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer

from i2ikit.build import REFUSALS, Builder, reason
from i2ikit.config.data import image_names
from i2ikit.config.validate import find_errors
from i2ikit.data.loading import MapDataset, TrainLoader
from i2ikit.data.randomness import seeded
from i2ikit.engine.data import build_dataset
from i2ikit.engine.optim import build_optimizers
from i2ikit.errors import DataError, counted
from i2ikit.from_mmengine import HOOKS, Hook
from i2ikit.interfaces.progress import Schedule
from i2ikit.nn.recompute import checkpoint_activations
from i2ikit.registry import METRICS, SCHEDULES, TRACKERS
from i2ikit.trackers.base import Tracker
from i2ikit.translation import UnpairedTranslation, build_model


@dataclass
class Parts:
    """What a run is made of; ``test_data`` is None where the config has no ``data.test``."""

    model: UnpairedTranslation
    optimizers: dict[str, Optimizer]
    schedule: Schedule
    train_data: MapDataset
    test_data: MapDataset | None
    metrics: dict[str, Any]
    hooks: list[Hook]
    trackers: list[Tracker]


def assemble(config: Mapping[str, Any]) -> Parts:
    """Build all parts of a run on the CPU; weights are a function of the config's seed.

    Args:
        config: resolved, with defaults.

    Raises:
        ConfigError: all errors in the config.
        DataError: images are missing.
    """
    builder = Builder()
    builder.errors = find_errors(config)
    builder.raise_errors()
    with seeded(config["seed"]):
        model = build_model(config["model"], builder, real=image_names(config["data"]))
    schedule = builder.part(SCHEDULES, config.get("schedule") or {"type": "Constant"}, "schedule")
    train_data = build_dataset(config["data"], "train", builder)
    test_data = build_dataset(config["data"], "test", builder)
    metrics = {name: builder.part(METRICS, part, f"metrics.{name}") for name, part in config["metrics"].items()}
    hooks = [_hook(part, builder, f"hooks.{index}") for index, part in enumerate(config["hooks"])]
    hooks += [_alarm(name, part, builder) for name, part in config["alarms"].items() if part is not None]
    trackers = [
        builder.part(TRACKERS, part, f"trackers.{index}") for index, part in enumerate(config.get("trackers", []))
    ]
    builder.raise_errors()
    assert model is not None, "an error would have been noted"
    assert schedule is not None, "an error would have been noted"
    assert train_data is not None, "an error would have been noted"
    if config["train"]["checkpoint_activations"] and not checkpoint_activations(model):
        builder.error("train.checkpoint_activations", "none of the generators can compute its stages again")
        builder.raise_errors()
    return Parts(
        model=model,
        optimizers=build_optimizers(model.phases, model.networks, config["optimizer"]),
        schedule=schedule,
        train_data=train_data,
        test_data=test_data,
        metrics=metrics,
        hooks=[hook for hook in hooks if hook is not None],
        trackers=[tracker for tracker in trackers if tracker is not None],
    )


def steps_per_epoch(loader: TrainLoader, accumulate: int) -> int:
    """Return the steps of one epoch, each of ``accumulate`` batches; a remainder is dropped.

    Raises:
        DataError: an epoch has fewer batches than one step.
    """
    if len(loader) < accumulate:
        raise DataError(
            f"an epoch has {counted(len(loader), 'batch')}, fewer than one step of train.accumulate={accumulate}. Add "
            f"images, or accumulate less: `--set train.accumulate={max(1, len(loader))}`."
        )
    return len(loader) // accumulate


def never_updated(model: UnpairedTranslation) -> str:
    """Return a sentence about the networks whose weights no phase updates, though they could be; empty: none."""
    updated = {name for phase in model.phases.values() for name in phase.update}
    kept = [
        name
        for name, network in model.networks.items()
        if name not in updated and name not in model.averages and not name.startswith("extractors.")
        if any(parameter.requires_grad for parameter in network.parameters())
    ]
    return f"No phase updates {', '.join(kept)}: the weights never change." if kept else ""


def run_length(train: Mapping[str, Any], per_epoch: int, max_steps: int | None) -> dict[str, int]:
    """Return ``steps`` and ``epochs`` of a run.

    Args:
        train: the config's ``train``: ``epochs`` or ``steps``.
        per_epoch: steps of one epoch, >= 1.
        max_steps: limits the steps.
    """
    epochs: int | None = train.get("epochs")
    steps: int = train["steps"] if epochs is None else epochs * per_epoch
    if max_steps is not None:
        steps = min(steps, max_steps)
    return {"steps": steps, "epochs": math.ceil(steps / per_epoch)}


def _hook(config: Mapping[str, Any], builder: Builder, path: str) -> Hook | None:
    arguments = {key: value for key, value in config.items() if key != "priority"}
    try:
        hook: Hook = HOOKS.build(arguments)
    except (*REFUSALS, ImportError) as error:  # mmengine imports packages of some hooks here
        builder.error(path, f"{config['type']} refused its arguments: {reason(error)}")
        return None
    if "priority" in config:
        hook.priority = config["priority"]
    return hook


def _alarm(name: str, config: Mapping[str, Any], builder: Builder) -> Hook | None:
    """Return an alarm with the name that it has in the config."""
    alarm = _hook(config, builder, f"alarms.{name}")
    if alarm is not None:
        alarm.name = name
    return alarm
