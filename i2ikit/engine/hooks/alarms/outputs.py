"""Alarms that check the outputs of the generators for fixed images."""

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
from i2ikit.translation import UnpairedTranslation


@dataclass(frozen=True)
class GeneratorOutputs:
    """The outputs of a generator for fixed images.

    Attributes:
        generator: its name.
        inputs: (C, H, W) each, in -1..1, float32 on the CPU.
        outputs: of the same sizes.
    """

    generator: str
    inputs: list[Tensor]
    outputs: list[Tensor]


class FixedOutputs:
    """Translates fixed images with the current generators, once a step for all alarms.

    Args:
        dataset: its first items that can be read are used.
        seed: of the data set's random numbers, if it uses any.
        count: items to use, >= 1; fewer if the data set has fewer.
    """

    def __init__(self, dataset: MapDataset, seed: int = 0, count: int = 8) -> None:
        self._dataset, self._seed, self._count = dataset, seed, count
        self._items: list[dict[str, Any]] = []
        self._step = 0
        self._found: list[GeneratorOutputs] = []

    def of(self, run: TranslationRunner) -> list[GeneratorOutputs]:
        """Return the outputs of the trained generators, with averaged weights where there are some.

        Costs ``count`` translations for each generator at the first call in a step.
        """
        if self._step != run.progress.step:
            self._step, model = run.progress.step, run.translation
            found = [self._translate(model, name, run.model.device) for name in _trained(model)]
            self._found = [outputs for outputs in found if outputs.inputs]
        return self._found

    def _translate(self, model: UnpairedTranslation, generator: str, device: torch.device) -> GeneratorOutputs:
        source, expression = generator[0], f"{generator}({generator[0]})"
        self._items = self._items or readable_items(self._dataset, self._count, seed=self._seed)
        inputs = [item[source] for item in self._items if source in item]
        outputs = [
            model.render(batch_to_device({source: image[None]}, device), [expression])[expression][0].float().cpu()
            for image in inputs
        ]
        return GeneratorOutputs(generator, inputs, outputs)


def _trained(model: UnpairedTranslation) -> list[str]:
    """Return the generators that translate a domain, without moving averages, which replace their networks."""
    return [name for name in model.generators if f"generators.{name}" not in model.averages and name[0] in ("a", "b")]


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
    def measure(self, found: GeneratorOutputs) -> float | None:
        """Return the statistic of a generator, None where it is not defined for the images."""

    @abstractmethod
    def describe(self, generator: str, value: float) -> str:
        """Return a sentence about a generator whose statistic is too low."""

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Check the outputs if it is due."""
        step = run.progress.step
        if self.fixed is None or self.triggered or step < self.start or step % self.every:
            return
        for found in self.fixed.of(run):
            value = self.measure(found)
            low = value is not None and value < self.below
            self._low[found.generator] = self._low.get(found.generator, 0) + 1 if low else 0
            if value is not None and self._low[found.generator] >= self.times:
                self.trigger(run, self.describe(found.generator, value))

    def state_dict(self) -> dict[str, Any]:
        """Return the state for the checkpoint."""
        return {**super().state_dict(), "low": dict(self._low)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self._low = {name: int(count) for name, count in state["low"].items()}
