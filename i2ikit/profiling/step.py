"""One training step on the meta device: its operations and its peak memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from i2ikit.config.batch import images_without_values
from i2ikit.config.trial import build_trial_model
from i2ikit.engine.optim import build_optimizers
from i2ikit.errors import I2IKitError
from i2ikit.nn.recompute import checkpoint_activations
from i2ikit.profiling.counters import StepCounter
from i2ikit.profiling.meta_autocast import MetaAutocast
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation
from i2ikit.translation.view_samples import ViewSamples

STEPS = 8  # to average over, where random views are applied in some steps only
LONG = 10**6  # steps of the run that a trial step is part of
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class StepCost:
    """The cost of a step.

    Attributes:
        macs: multiply-accumulates of convolutions and matrix products, forward and backward.
        parameters: number of parameters that the optimizers update.
        held: bytes kept between steps: weights, gradients, the state of the optimizers.
        peak: most bytes of tensors at once, ``held`` included. The workspace of single operations, the program itself
            (about 0.5 GB) and the context of a GPU are not included.
    """

    macs: float
    parameters: int
    held: int
    peak: int


def step_cost(
    config: Mapping[str, Any],
    shapes: Mapping[str, Sequence[int]],
    *,
    epoch: int = 1,
) -> StepCost:
    """Run steps of a config on the meta device, with its precision and its checkpointing of activations.

    Args:
        config: resolved, with defaults.
        shapes: of the batch, (B, C, H, W) by domain; see :func:`batch_shapes`.
        epoch: >= 1; for weights of terms that follow a schedule.

    Raises:
        I2IKitError: a part of the model needs the values of tensors.
    """
    counter = StepCounter()
    peak = 0
    try:
        with counter:
            trial = _Trial(config, shapes)
            steps = STEPS if trial.varies() else 2  # the optimizers have their state from the second step on
            for step in range(1, steps + 1):
                counter.reset_peak()
                trial.step(epoch, step)
                peak = max(peak, counter.peak)
            held = counter.live
    except (RuntimeError, NotImplementedError) as error:
        raise I2IKitError(f"a step of this config cannot run on the meta device: {error}") from error
    return StepCost(counter.operations / 2 / steps, trial.parameters(), held, peak)


class _Trial:
    """A model and its optimizers on the meta device."""

    def __init__(self, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> None:
        model, errors = build_trial_model(config)
        if model is None:
            raise ValueError(str(errors))
        self.model: UnpairedTranslation = model.to("meta")
        train = config["train"]
        if train["precision"] in HALF:
            model.precision = partial(MetaAutocast, HALF[train["precision"]])
        if train["checkpoint_activations"]:
            checkpoint_activations(model)
        self.optimizers = build_optimizers(model.phases, model.networks, config["optimizer"])
        self.shapes, self.accumulate = shapes, train["accumulate"]
        self.updates = 0

    def step(self, epoch: int, step: int) -> None:
        images = images_without_values(self.shapes)
        streams = [RandomStreams(0, step, first=number * len(images["a"])) for number in range(self.accumulate)]
        self.model.train_step([images] * self.accumulate, self._update, Progress(epoch, step, LONG, LONG), streams)

    def varies(self) -> bool:
        """Return whether a view is applied in some of the steps only, so that their costs differ."""
        language = self.model.language
        samples = [
            ViewSamples(language, RandomStreams(0, step), Progress(1, step, LONG, LONG)) for step in range(1, STEPS + 1)
        ]
        skipped = [{each.sample(name) is None for each in samples} for name in language.views]
        return any(len(values) > 1 for values in skipped)

    def parameters(self) -> int:
        groups = (group for optimizer in self.optimizers.values() for group in optimizer.param_groups)
        return sum(parameter.numel() for group in groups for parameter in group["params"])

    def _update(self, phase: str, loss: Tensor) -> None:
        if self.updates % self.accumulate == 0:
            self.optimizers[phase].zero_grad(set_to_none=True)
        with self.model.precision():  # for stages that are recomputed
            _backward(loss)
        self.updates += 1
        if self.updates % self.accumulate == 0:
            self.optimizers[phase].step()


def _backward(loss: Tensor) -> None:
    """Do what ``loss.backward()`` does, which would disable MetaAutocast for stages that are recomputed."""
    engine = torch.autograd.Variable._execution_engine
    engine.run_backward(
        (loss,), (torch.ones_like(loss),), False, False, (), allow_unreachable=True, accumulate_grad=True
    )
