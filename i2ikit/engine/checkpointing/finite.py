"""What a run says and leaves behind when a loss or a gradient is not finite."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.distributed import processes
from i2ikit.engine.checkpointing.reproduce import KeptStep, run_again, write_step
from i2ikit.engine.runner_model import first_positions
from i2ikit.errors import I2IKitError
from i2ikit.interfaces.progress import Progress

ADVICE = (
    "Often the learning rate is too high: lower it with `--set optimizer.lr=...`, or clip gradients: "
    "`--set train.clip_gradients=1`. If an image is named, look at it."
)
MOST = 6  # files that are named


def explain_stop(runner: Runner, phase: str, batches: Sequence[Mapping[str, Any]], losses: Mapping[str, Tensor]) -> str:
    """Write the step that failed into the work directory and return what to tell the user.

    Nothing has been updated by the failed phase. The gradients are looked at term by term by running the step again, if
    the run has one process.

    Args:
        runner: of the run; its model is as it was before the failed phase.
        phase: name of the phase.
        batches: of the step.
        losses: values of the terms.
    """
    model, progress = runner.model, runner.train_loop.progress
    kept = _keep(runner, progress, phase, batches, losses)
    what = _what(kept, model.device)
    where = f"step {progress.step} (epoch {progress.epoch}) stopped before its update"
    parts = [f"{where}: {what}.", _files(kept), _left(runner.work_dir, kept), ADVICE]
    return " ".join(part for part in parts if part)


def _keep(
    runner: Runner,
    progress: Progress,
    phase: str,
    batches: Sequence[Mapping[str, Any]],
    losses: Mapping[str, Tensor],
) -> KeptStep:
    return KeptStep(
        config=runner.cfg.to_dict(),
        model=_to_cpu(runner.model.translation.state_dict()),
        batches=[_to_cpu(dict(batch)) for batch in batches],
        progress={name: getattr(progress, name) for name in ("epoch", "step", "epochs", "steps")},
        seed=runner.model.seed,
        firsts=first_positions(batches),
        phase=phase,
        losses={name: value.item() for name, value in losses.items()},
    )


def _to_cpu(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, Mapping):
        return {key: _to_cpu(item) for key, item in value.items()}
    return [_to_cpu(item) for item in value] if isinstance(value, list | tuple) else value


def _what(kept: KeptStep, device: torch.device) -> str:
    """Name the terms whose value, or else whose gradient, is not finite."""
    own = kept.config["model"]["phases"][kept.phase]["terms"]  # later phases may have met the same numbers
    bad = [f"{name!r} is {value}" for name, value in kept.losses.items() if name in own and not math.isfinite(value)]
    if bad:
        return f"in phase {kept.phase!r} a loss is not finite: {', '.join(bad)}"
    found: dict[str, list[str]] = {}
    if processes.count() == 1:
        try:
            found = run_again(kept, device).bad_gradients
        except (RuntimeError, I2IKitError):  # no memory for it, say; the message below is true without
            found = {}
    named = "; ".join(f"that of term {name!r} in {_few(places)}" for name, places in found.items())
    listed = ", ".join(f"{name!r} is {value:.4g}" for name, value in kept.losses.items())
    colon = ": " if named else ""
    return f"in phase {kept.phase!r} a gradient is not finite{colon}{named}, while the losses are ({listed})"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"


def _files(kept: KeptStep) -> str:
    more = f" and {len(kept.files) - MOST} more" if len(kept.files) > MOST else ""
    return f"The batch: {', '.join(kept.files[:MOST])}{more}." if kept.files else ""


def _left(work_dir: str, kept: KeptStep) -> str:
    """Write the step; name it, and the checkpoints, which are of steps before."""
    rank = f"_process_{processes.rank()}" if processes.count() > 1 else ""
    path = Path(work_dir) / f"not_finite_step_{kept.progress['step']:06d}{rank}.pt"
    try:
        write_step(path, kept)
    except OSError as error:
        kept_in = f"The step could not be kept in {path}: {error}."
    else:
        kept_in = f"The step is kept in {path}; `i2ikit reproduce {path}` runs it again."
    folder = Path(work_dir) / "checkpoints"
    before = (
        f"Checkpoints of steps before are in {folder}." if any(folder.glob("*.pt")) else "No checkpoint was due yet."
    )
    return f"{kept_in} {before}"
