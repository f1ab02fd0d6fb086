"""One training step without numbers: how much it computes and how much memory it holds at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from i2ikit.config.validate import build_trial_model
from i2ikit.engine.optim import build_optimizers
from i2ikit.errors import I2IKitError
from i2ikit.nn.recompute import checkpoint_activations
from i2ikit.profiling.arithmetic import Arithmetic
from i2ikit.profiling.half_precision import MetaAutocast
from i2ikit.profiling.live_bytes import LiveBytes
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation

if TYPE_CHECKING:
    from i2ikit.views.base import View

STEPS = 8  # averaged over where there are views that are drawn in some steps only
LONG = 10**6  # steps of the run that a trial step belongs to
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class StepCost:
    """What a step costs.

    Attributes:
        macs: multiply-accumulates of convolutions and matrix products, forward and backward.
        parameters: numbers that the optimizers update.
        held: bytes that stay between steps: weights, gradients, the optimizers' state.
        peak: the most bytes that tensors hold at once, those that stay included. The work space of single operations,
            the program itself (about 0.5 GB) and the context of a GPU come on top.
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
    device: str = "cpu",
) -> StepCost:
    """Run steps of a config without numbers, in its precision, with its way to keep activations.

    Args:
        config: resolved, with defaults.
        shapes: of the batch, (B, C, H, W) by domain; see :func:`batch_shapes`.
        epoch: >= 1; weights of terms follow schedules by epoch.
        device: type of the device that would train; half precision differs in small ways.

    Raises:
        I2IKitError: a part of the model needs real numbers.
    """
    counter, memory = Arithmetic(), LiveBytes()
    peak = 0
    try:
        with counter, memory:
            trial = _Trial(config, shapes, device)
            steps = STEPS if trial.varies() else 2  # the state of optimizers is there from the second step on
            for step in range(1, steps + 1):
                memory.restart()
                trial.step(epoch, step)
                peak = max(peak, memory.peak)
            held = memory.live
    except (RuntimeError, NotImplementedError) as error:
        raise I2IKitError(f"a step of this config cannot be tried without numbers: {error}") from error
    return StepCost(counter.operations / 2 / steps, trial.parameters(), held, peak)


class _Trial:
    """A model on the meta device, with what trains it."""

    def __init__(self, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]], device: str) -> None:
        model, errors = build_trial_model(config["model"])
        if model is None:
            raise ValueError(str(errors))
        self.model: UnpairedTranslation = model.to("meta")
        train = config["train"]
        if train["precision"] in HALF:
            model.precision = partial(MetaAutocast, HALF[train["precision"]], device)
        if train["checkpoint_activations"]:
            checkpoint_activations(model)
        self.optimizers = build_optimizers(model.phases, model.networks, config["optimizer"])
        self.shapes, self.accumulate = shapes, train["accumulate"]
        self.updates = 0

    def step(self, epoch: int, step: int) -> None:
        images = {name: torch.zeros(*shape, device="meta") for name, shape in self.shapes.items()}
        draws = [RandomStreams(0, step, first=number * len(images["a"])) for number in range(self.accumulate)]
        self.model.train_step_on([images] * self.accumulate, self._update, Progress(epoch, step, LONG, LONG), draws)

    def varies(self) -> bool:
        """Say whether some view is drawn in some of the steps only, which then do not cost the same."""
        drawn = [
            {
                cast("View", view).sample(RandomStreams(0, step).generator(f"view/{name}")) is None
                for step in range(1, STEPS + 1)
            }
            for name, view in self.model.views.items()
        ]
        return any(len(answers) > 1 for answers in drawn)

    def parameters(self) -> int:
        groups = (group for optimizer in self.optimizers.values() for group in optimizer.param_groups)
        return sum(parameter.numel() for group in groups for parameter in group["params"])

    def _update(self, phase: str, loss: Tensor) -> None:
        if self.updates % self.accumulate == 0:
            self.optimizers[phase].zero_grad(set_to_none=True)
        with self.model.precision():  # for stages that are computed again
            _backward(loss)
        self.updates += 1
        if self.updates % self.accumulate == 0:
            self.optimizers[phase].step()


def _backward(loss: Tensor) -> None:
    """Do what ``loss.backward()`` does, which would switch MetaAutocast off for stages that are recomputed."""
    engine = torch.autograd.Variable._execution_engine
    engine.run_backward(
        (loss,), (torch.ones_like(loss),), False, False, (), allow_unreachable=True, accumulate_grad=True
    )
