"""A training step kept in a file, to be run again: what went wrong in it, term by term."""

import json
import math
import pickle
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.config.sections import with_defaults
from i2ikit.data.randomness import seed_step
from i2ikit.distributed.device import batch_to_device, model_to_device, pick_device
from i2ikit.engine.precision import network_precision
from i2ikit.errors import CheckpointError
from i2ikit.files import open_atomically
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation, build_model

FORMAT = "i2ikit step"


@dataclass
class KeptStep:
    """One step as it was before the phase that failed in it.

    Attributes:
        config: of the run, resolved.
        model: state dict; networks that an earlier phase of the step updated are as they were after that.
        batches: the images, with their paths under ``a_path`` and ``b_path``.
        progress: of the step: ``epoch``, ``step``, ``epochs``, ``steps``.
        seed: of the run.
        firsts: place of each batch's first image among all images of the step.
        phase: the one that failed.
        losses: what the terms came to.
    """

    config: dict[str, Any]
    model: dict[str, Any]
    batches: list[dict[str, Any]]
    progress: dict[str, int]
    seed: int
    firsts: list[int]
    phase: str
    losses: dict[str, float]

    @property
    def files(self) -> list[str]:
        """The images of the batches, where the data set names them."""
        paths = [batch.get(f"{domain}_path", ()) for batch in self.batches for domain in ("a", "b")]
        return [str(path) for listed in paths for path in ([listed] if isinstance(listed, str) else listed)]


@dataclass(frozen=True)
class Reproduction:
    """What a kept step comes to when it is run again.

    Attributes:
        kept: the step.
        losses: by term, as far as the run got; to be compared with ``kept.losses``.
        bad_gradients: by term of the failed phase, the parameters whose gradient by that term alone is not finite.
    """

    kept: KeptStep
    losses: dict[str, float]
    bad_gradients: dict[str, list[str]] = field(default_factory=dict)

    @property
    def bad_losses(self) -> list[str]:
        """The terms whose value is not finite."""
        return [name for name, value in self.losses.items() if not math.isfinite(value)]


def write_step(path: Path, kept: KeptStep) -> None:
    """Write a step whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    content = {name: getattr(kept, name) for name in KeptStep.__dataclass_fields__}
    with open_atomically(path) as file:
        torch.save({**content, "config": json.dumps(kept.config), "format": FORMAT}, file)


def read_step(path: Path) -> KeptStep:
    """Read a step with ``weights_only``: no code in the file is run.

    Raises:
        CheckpointError: the file is missing, damaged, or no kept step.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no file {path}") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read as a kept step: {str(error).splitlines()[0]}") from error
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no kept step; a run that stops at a loss that is not finite leaves one")
    fields = {name: content[name] for name in KeptStep.__dataclass_fields__}
    return KeptStep(**{**fields, "config": json.loads(content["config"])})


def reproduce(path: Path, device: str = "cpu") -> Reproduction:
    """Run a kept step again, without its updates, and the terms of the failed phase one by one.

    The values are those of the run, on the same kind of device, unless an earlier phase of the step has changed a
    network that its own images came through: then they are those of one update later.

    Args:
        path: from a run that stopped.
        device: as for :func:`pick_device`.

    Raises:
        CheckpointError: the file is no kept step, or its config cannot be built here.
    """
    return run_again(read_step(path), pick_device(device))


def run_again(kept: KeptStep, device: torch.device) -> Reproduction:
    """Do what :func:`reproduce` does with a step in memory."""
    losses, _ = _run(kept, kept.config, device)
    terms = kept.config["model"]["phases"][kept.phase]["terms"]
    bad = {}
    for name in terms:
        if not math.isfinite(losses.get(name, 0.0)):
            continue  # its value says it
        alone = deepcopy(kept.config)
        alone["model"]["phases"][kept.phase]["terms"] = {name: terms[name]}
        _, parameters = _run(kept, alone, device)
        if parameters:
            bad[name] = parameters
    return Reproduction(kept, losses, bad)


def _run(kept: KeptStep, config: Mapping[str, Any], device: torch.device) -> tuple[dict[str, float], list[str]]:
    """Return the terms' values, and the parameters of the failed phase whose gradient is not finite."""
    model = _model(kept, with_defaults(config), device)
    bad: dict[str, None] = {}

    def update(phase: str, loss: Tensor) -> None:
        if phase == kept.phase and loss.requires_grad:
            model.zero_grad(set_to_none=True)
            loss.backward()
            bad.update(dict.fromkeys(not_finite_gradients(model, model.phases[phase].update)))

    progress = Progress(**kept.progress)
    seed_step(kept.seed, progress.step, device)
    draws = [RandomStreams(kept.seed, progress.step, first=first) for first in kept.firsts]
    batches = [batch_to_device(batch, device) for batch in kept.batches]
    values = model.train_step_on(batches, update, progress, draws)
    return {name: value.item() for name, value in values.items()}, list(bad)


def _model(kept: KeptStep, config: Mapping[str, Any], device: torch.device) -> UnpairedTranslation:
    builder = Builder()
    model = build_model(config["model"], builder)
    if model is None:
        raise CheckpointError(f"the step's config cannot be built here: {builder.errors[0].message}")
    own = model.state_dict()
    try:
        model.load_state_dict({key: value for key, value in kept.model.items() if key in own})
    except RuntimeError as error:
        raise CheckpointError(f"the step's weights do not fit its config: {error}") from error
    model_to_device(model, device)
    model.precision = network_precision(config["train"]["precision"], device)
    return model.train()


def not_finite_gradients(model: UnpairedTranslation, networks: Sequence[str]) -> list[str]:
    """Return the full names of the parameters of these networks whose gradient is not finite."""
    return [
        f"{network}.{name}"
        for network in networks
        for name, parameter in model.networks[network].named_parameters()
        if parameter.grad is not None and not bool(parameter.grad.isfinite().all())
    ]
