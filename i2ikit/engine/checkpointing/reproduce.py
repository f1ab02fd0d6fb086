"""A step that failed because a loss or a gradient was not finite: what the run reports, and how to run it again.

The step is saved as a checkpoint with the batches in its ``extra``.
"""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.config.data import image_names
from i2ikit.config.sections import with_defaults
from i2ikit.data.randomness import seed_step
from i2ikit.distributed import processes
from i2ikit.distributed.device import batch_to_device, pick_device
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, check_fields, read_checkpoint, write_checkpoint
from i2ikit.engine.checkpointing.rebuild import rebuild
from i2ikit.engine.checkpointing.schema import FAILED_STEP, PLACE
from i2ikit.engine.execution import set_execution
from i2ikit.engine.runner import TranslationRunner, first_positions
from i2ikit.environment import versions
from i2ikit.errors import CheckpointError, I2IKitError, RunError
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation, build_model

KEY = "failed_step"  # in a checkpoint's extra
ADVICE = (
    "Often the learning rate is too high: lower it with `--set optimizer.lr=...`, or clip gradients: "
    "`--set train.clip_gradients=1`. If an image is named, inspect it."
)


@dataclass
class FailedStep:
    """A step as it was before the phase that failed in it.

    Attributes:
        config: of the run, resolved.
        model: state dict; networks that an earlier phase of the step updated have their new weights.
        progress: of the step: ``epoch``, ``step``, ``epochs``, ``steps``.
        batches: the images, with their paths under ``a_path`` and ``b_path``.
        firsts: index of each batch's first image among all images of the step.
        phase: the one that failed.
        losses: values of the terms.
    """

    config: dict[str, Any]
    model: dict[str, Any]
    progress: dict[str, int]
    batches: list[dict[str, Any]]
    firsts: list[int]
    phase: str
    losses: dict[str, float]

    @property
    def files(self) -> list[str]:
        """Paths of the images in the batches, if the data set gives them."""
        paths = [batch.get(f"{domain}_path", ()) for batch in self.batches for domain in ("a", "b")]
        return [str(path) for listed in paths for path in (listed if isinstance(listed, list | tuple) else [listed])]


@dataclass(frozen=True)
class Reproduction:
    """The result of running a failed step again.

    Attributes:
        failed: the step.
        losses: by term, as far as the step got; compare them with ``failed.losses``.
        bad_gradients: by term of the failed phase, the parameters whose gradient by that term alone is not finite.
    """

    failed: FailedStep
    losses: dict[str, float]
    bad_gradients: dict[str, list[str]] = field(default_factory=dict)

    @property
    def bad_losses(self) -> list[str]:
        """The terms whose value is not finite."""
        return [name for name, value in self.losses.items() if not math.isfinite(value)]


def write_step(path: Path, step: FailedStep) -> None:
    """Write a step as a checkpoint.

    Raises:
        RunError: the file cannot be written.
    """
    extra = {name: getattr(step, name) for name in ("batches", "firsts", "phase", "losses")}
    write_checkpoint(
        path, Checkpoint(step.config, step.model, progress=step.progress, versions=versions(), extra={KEY: extra})
    )


def read_step(path: Path) -> FailedStep:
    """Read a step from its checkpoint.

    Raises:
        CheckpointError: the file is missing, damaged, or a checkpoint without a failed step.
    """
    checkpoint = read_checkpoint(path, any_weights=True)
    if KEY not in checkpoint.extra:
        raise CheckpointError(
            f"{path} has no failed step; a run that stops at a loss that is not finite writes not_finite_step_N.pt"
        )
    check_fields(path, checkpoint, {"progress": PLACE, "extra": {KEY: FAILED_STEP}}, "to reproduce a step")
    extra = {name: checkpoint.extra[KEY][name] for name in FAILED_STEP}
    progress = {name: checkpoint.progress[name] for name in PLACE}
    return FailedStep(checkpoint.config, checkpoint.model, progress, **extra)


def explain_stop(
    run: TranslationRunner,
    progress: Progress,
    phase: str,
    batches: Sequence[Mapping[str, Any]],
    losses: Mapping[str, Tensor],
) -> str:
    """Write the step that failed into the work directory and return the message for the user.

    The failed phase has updated nothing. If the run has one process, the step is run again to find the gradients that
    are not finite, term by term.

    Args:
        run: its weights are as they were before the failed phase.
        progress: of the step.
        phase: name of the phase.
        batches: of the step.
        losses: values of the terms.
    """
    failed = FailedStep(
        config=run.config,
        model=run.translation.state_dict(),
        progress={name: getattr(progress, name) for name in ("epoch", "step", "epochs", "steps")},
        batches=[dict(batch) for batch in batches],
        firsts=first_positions(batches),
        phase=phase,
        losses={name: value.item() for name, value in losses.items()},
    )
    what = _what(failed, run.model.device)
    files = f"The batch: {_listed(failed.files)}. " if failed.files else ""
    return (
        f"step {progress.step} (epoch {progress.epoch}) stopped before its update: {what}. {files}{_saved(run, failed)}"
        f" {ADVICE}"
    )


def _what(failed: FailedStep, device: torch.device) -> str:
    """Name the terms whose value, or else whose gradient, is not finite."""
    own = failed.config["model"]["phases"][failed.phase]["terms"]  # terms of later phases may be affected too
    bad = [f"{name!r} is {value}" for name, value in failed.losses.items() if name in own and not math.isfinite(value)]
    if bad:
        return f"in phase {failed.phase!r} a loss is not finite: {', '.join(bad)}"
    found: dict[str, list[str]] = {}
    if processes.count() == 1:
        try:
            found = run_again(failed, device).bad_gradients
        except (RuntimeError, I2IKitError):  # such as too little memory; the message is true without it
            found = {}
    named = "; ".join(f"that of term {name!r} in {_listed(names, most=1)}" for name, names in found.items())
    listed = ", ".join(f"{name!r} is {value:.4g}" for name, value in failed.losses.items())
    colon = ": " if named else ""
    return f"in phase {failed.phase!r} a gradient is not finite{colon}{named}, while the losses are ({listed})"


def _listed(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _saved(run: TranslationRunner, failed: FailedStep) -> str:
    """Write the step; name its file, and the checkpoints, which are of earlier steps."""
    rank = f"_process_{processes.rank()}" if processes.count() > 1 else ""
    path = run.folder.path / f"not_finite_step_{failed.progress['step']:06d}{rank}.pt"
    try:
        write_step(path, failed)
    except RunError as error:
        saved = f"The step could not be saved: {error}"
    else:
        saved = f"The step is saved in {path}; `i2ikit reproduce {path}` runs it again."
    has_earlier = bool(run.folder.list_checkpoints())
    earlier = f"Checkpoints of earlier steps are in {run.folder.checkpoints}." if has_earlier else ""
    return f"{saved} {earlier or 'No checkpoint was due yet.'}"


def reproduce(path: Path, device: str = "cpu") -> Reproduction:
    """Run a failed step again, without its updates, and the terms of the failed phase one by one.

    The values equal those of the run, on the same kind of device, unless an earlier phase of the step has changed a
    network that produced its images: then they are those of one update later.

    Args:
        path: written by a run that stopped.
        device: as for :func:`pick_device`.

    Raises:
        CheckpointError: the file has no failed step, or its config cannot be built here.
    """
    failed, chosen = read_step(path), pick_device(device)
    try:
        return run_again(failed, chosen)
    except Exception as error:  # the config, the batches and the weights are whatever the file says
        reason = error if isinstance(error, I2IKitError) else repr(error)
        raise CheckpointError(f"the step in {path} cannot be run here: {reason}") from error


def run_again(failed: FailedStep, device: torch.device) -> Reproduction:
    """Do what :func:`reproduce` does with a step in memory."""
    losses, _ = _run(failed, failed.config, device)
    terms = failed.config["model"]["phases"][failed.phase]["terms"]
    bad = {}
    for name in terms:
        if not math.isfinite(losses.get(name, 0.0)):
            continue
        alone = deepcopy(failed.config)
        alone["model"]["phases"][failed.phase]["terms"] = {name: terms[name]}
        _, parameters = _run(failed, alone, device)
        if parameters:
            bad[name] = parameters
    return Reproduction(failed, losses, bad)


def _run(failed: FailedStep, config: Mapping[str, Any], device: torch.device) -> tuple[dict[str, float], list[str]]:
    """Return the terms' values, and the parameters of the failed phase whose gradient is not finite."""
    config = with_defaults(config)
    model = _model(failed, config, device)
    bad: dict[str, None] = {}

    def update(phase: str, loss: Tensor) -> None:
        if phase == failed.phase and loss.requires_grad:
            model.zero_grad(set_to_none=True)
            loss.backward()
            bad.update(dict.fromkeys(_bad_gradients(model, model.phases[phase].update)))

    progress = Progress(**failed.progress)
    seed_step(config["seed"], progress.step, device)
    streams = [RandomStreams(config["seed"], progress.step, first=first) for first in failed.firsts]
    batches = [batch_to_device(batch, device) for batch in failed.batches]
    values = model.train_step(batches, update, progress, streams)
    return {name: value.item() for name, value in values.items()}, list(bad)


def _model(failed: FailedStep, config: Mapping[str, Any], device: torch.device) -> UnpairedTranslation:
    builder = Builder()
    real = image_names(config.get("data"))
    model = rebuild(
        lambda: build_model(config["model"], builder, real=real), config["model"], failed.model, complete=False
    )
    if model is None:
        raise CheckpointError(f"the step's config cannot be built here: {builder.errors[0].message}")
    own = model.state_dict()
    try:
        model.load_state_dict({key: value for key, value in failed.model.items() if key in own})
    except RuntimeError as error:
        raise CheckpointError(f"the step's weights do not fit its config: {error}") from error
    set_execution(model, {**config["train"], "compile": False}, device)
    return model.train()


def _bad_gradients(model: UnpairedTranslation, networks: Sequence[str]) -> list[str]:
    """Return the full names of the parameters of these networks whose gradient is not finite."""
    return [
        f"{network}.{name}"
        for network in networks
        for name, parameter in model.networks[network].named_parameters()
        if parameter.grad is not None and not bool(parameter.grad.isfinite().all())
    ]
