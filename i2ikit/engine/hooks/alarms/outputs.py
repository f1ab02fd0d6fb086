"""Alarms that check the translations of fixed images."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.data.loading import MapDataset
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.engine.runner import TranslationRunner
from i2ikit.evaluation.items import readable_items
from i2ikit.translation import FixedSamples, UnpairedTranslation
from i2ikit.translation.outputs import real_images


@dataclass(frozen=True)
class Outputs:
    """The translations of fixed images.

    Attributes:
        name: of the model's output, such as ``"ab"``.
        inputs: (C, H, W) each, in -1..1, float32 on the CPU.
        outputs: of the same sizes.
    """

    name: str
    inputs: list[Tensor]
    outputs: list[Tensor]


class FixedOutputs:
    """Translates fixed images with the current weights, once a step for all alarms.

    Args:
        dataset: its first items that can be read are used.
        seed: of the data set's random numbers, if it uses any.
        count: items to use, >= 1; fewer if the data set has fewer.
    """

    def __init__(self, dataset: MapDataset, seed: int = 0, count: int = 8) -> None:
        self._dataset, self._seed, self._count = dataset, seed, count
        self._items: list[dict[str, Any]] = []
        self._step = 0
        self._found: list[Outputs] = []

    def of(self, run: TranslationRunner) -> list[Outputs]:
        """Return the outputs of the model, with averaged weights where there are some.

        Costs ``count`` translations for each output at the first call in a step.
        """
        if self._step != run.progress.step:
            self._step, model = run.progress.step, run.translation
            found = [self._translate(model, name, run.model.device) for name in model.outputs]
            self._found = [outputs for outputs in found if outputs.inputs]
        return self._found

    def _translate(self, model: UnpairedTranslation, name: str, device: torch.device) -> Outputs:
        expression, images = str(model.outputs[name]), real_images(name, model.outputs[name], [*model.views])
        self._items = self._items or readable_items(self._dataset, self._count, seed=self._seed)
        batches = [{each: item[each][None] for each in images} for item in self._items if item.keys() >= {*images}]
        outputs = [
            model.render(batch_to_device(batch, device), [expression], samples=FixedSamples(places=place))[expression]
            for place, batch in enumerate(batches)
        ]
        return Outputs(name, [batch[images[0]][0] for batch in batches], [x[0].float().cpu() for x in outputs])


class OutputAlarm(Alarm):
    """Triggers when a statistic of the outputs stays below a threshold.

    Cost: the translation of the fixed images every ``every`` steps, shared by all such alarms. It uses no random
    numbers of the training.

    Args:
        below: threshold of :meth:`measure`.
        every: steps between checks, >= 1.
        start: step of the first check, >= 1; early on no generator has learned anything.
        times: consecutive checks that must be below, >= 1.

    Attributes:
        fixed: the outputs to check; None: the alarm is inactive, as in all processes of a run but the first.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(self, below: float, *, every: int, start: int, times: int) -> None:
        super().__init__()
        self.below = below
        self.every, self.start = positive_int("every", every), positive_int("start", start)
        self.times = positive_int("times", times)
        self.fixed: FixedOutputs | None = None
        self._low: dict[str, int] = {}

    @abstractmethod
    def measure(self, found: Outputs) -> float | None:
        """Return the statistic of an output, None where it is not defined for the images."""

    @abstractmethod
    def describe(self, name: str, value: float) -> str:
        """Return a sentence about an output of this name whose statistic is too low."""

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Check the outputs if it is due."""
        step = run.progress.step
        if self.fixed is None or self.triggered or step < self.start or step % self.every:
            return
        for found in self.fixed.of(run):
            value = self.measure(found)
            low = value is not None and value < self.below
            self._low[found.name] = self._low.get(found.name, 0) + 1 if low else 0
            if value is not None and self._low[found.name] >= self.times:
                self.trigger(run, self.describe(found.name, value))

    def state_dict(self) -> dict[str, Any]:
        """Return the state for the checkpoint."""
        return {**super().state_dict(), "low": dict(self._low)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self._low = {name: int(count) for name, count in state["low"].items()}
