"""What a training runs with: mmengine's runner and the hooks around its steps."""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.hooks import Hook

from i2ikit.data.loading import TrainLoader
from i2ikit.distributed.group import is_first
from i2ikit.engine.assemble import Parts
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.evaluation import make_evaluation
from i2ikit.engine.hooks import (
    BadFilesHook,
    CheckpointsHook,
    Clock,
    DisplayHook,
    EvaluationHook,
    LogHook,
    SamplesHook,
    VisualizerHook,
)
from i2ikit.engine.hooks.alarms import attach_alarms
from i2ikit.engine.json_log import JsonLog
from i2ikit.engine.precision import loss_scaler
from i2ikit.engine.reporter import Reporter
from i2ikit.engine.runner import TranslationRunner
from i2ikit.engine.runner_model import RunnerModel
from i2ikit.engine.update import PhaseUpdater
from i2ikit.engine.work_dir import WorkDir

_names = itertools.count()  # mmengine keeps loggers and message hubs by name for the life of the process


@dataclass
class Equipment:
    """The runner, and that of its hooks that a run speaks to."""

    runner: TranslationRunner
    evaluation: EvaluationHook | None

    def close(self) -> None:
        """Let hooks give back what they hold (files, threads), those that have a ``close()``, however the run ended."""
        with ExitStack() as all_of_them:  # also where one of them fails
            for hook in self.runner.hooks:
                if callable(close := getattr(hook, "close", None)):
                    all_of_them.callback(close)


def equip(
    config: dict[str, Any],
    parts: Parts,
    folder: WorkDir,
    device: torch.device,
    reporter: Reporter,
    *,
    loader: TrainLoader,
    log: JsonLog,
    facts: Mapping[str, Any],
    checkpoint: Checkpoint | None,
    more_hooks: Sequence[Hook] = (),
) -> Equipment:
    """Build the runner of a run and its hooks.

    Args:
        config: resolved.
        parts: of the run, in place.
        folder: where hooks write.
        device: of this process.
        reporter: told what the user should know.
        loader: of the training batches.
        log: of the run.
        facts: for the checkpoints.
        checkpoint: that the run goes on from.
        more_hooks: beside the config's.
    """
    hooks: dict[str, Hook] = {"bad_files": BadFilesHook(loader.bad_files, log, reporter)}
    evaluation, visualizer = None, None
    if is_first():  # the other processes see to their own files and write nothing
        clock = Clock(checkpoint.extra["seconds"] if checkpoint else 0.0)
        keeping = CheckpointsHook(folder, config, **config["checkpoint"], facts=facts, clock=clock, note=reporter.note)
        hooks |= {
            "log": LogHook(log, config["log"]["every"], clock),
            "display": DisplayHook(reporter),
            "checkpoints": keeping,
        }
        if parts.test_data is not None:
            hooks["samples"] = SamplesHook(folder.samples, parts.test_data, **config["samples"], seed=config["seed"])
        else:
            reporter.note("The config has no data.test: no sample images are drawn and nothing is measured.")
        evaluation = _evaluation_hook(config, parts, device, log, reporter)
        visualizer = _visualizer_hook(config, folder, log)
        hooks |= {name: hook for name, hook in (("evaluation", evaluation), ("visualizer", visualizer)) if hook}
    attach_alarms(parts.hooks, reporter.note, log.write, parts.test_data or parts.train_data, seed=config["seed"])
    train = config["train"]
    updater = PhaseUpdater(
        parts.optimizers,
        accumulate=train["accumulate"],
        clip_gradients=train.get("clip_gradients"),
        scaler=loss_scaler(train["precision"], device),
    )
    runner = TranslationRunner(
        model=RunnerModel(parts.model, device, config["seed"]),
        work_dir=str(folder.path),
        train_dataloader=loader,
        train_cfg={},
        optim_wrapper=updater,
        default_hooks=hooks,
        custom_hooks=[*parts.hooks, *more_hooks],
        randomness={"seed": config["seed"]},
        visualizer={"type": "Visualizer", "vis_backends": _backends(config) if visualizer else []},
        log_level="WARNING",
        experiment_name=f"i2ikit_{next(_names)}",
        cfg=config,
    )
    return Equipment(runner, evaluation)


def _evaluation_hook(
    config: Mapping[str, Any], parts: Parts, device: torch.device, log: JsonLog, reporter: Reporter
) -> EvaluationHook | None:
    evaluation = make_evaluation(config, parts, device)
    if evaluation is None:
        return None
    when = {key: config["evaluation"].get(key) for key in ("every", "stop_after")}
    return EvaluationHook(evaluation, log, reporter.note, **when)


def _visualizer_hook(config: Mapping[str, Any], folder: WorkDir, log: JsonLog) -> VisualizerHook | None:
    if not _backends(config):
        return None
    hook = VisualizerHook(folder.samples)
    log.listeners.append(hook.hear)
    return hook


def _backends(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(backend) for backend in config.get("vis_backends", [])]
