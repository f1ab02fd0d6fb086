"""What alarms look at and speak through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.runner import Runner
from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.data.randomness import seeded
from i2ikit.distributed.device import batch_to_device
from i2ikit.translation import UnpairedTranslation


@dataclass(frozen=True)
class Look:
    """What a generator makes of fixed images.

    Attributes:
        generator: its name.
        inputs: (C, H, W) each, in -1..1, float32 on the CPU.
        outputs: of the same sizes.
    """

    generator: str
    inputs: list[Tensor]
    outputs: list[Tensor]


class Watch:
    """A run as its alarms see it; they share one look a step.

    Args:
        note: shows a sentence to the user.
        write: takes a line of the log.
        dataset: its first items are looked at.
        seed: of what the data set draws, if it draws anything.
        count: items to look at, >= 1; fewer if there are fewer.
    """

    def __init__(
        self,
        note: Callable[[str], None],
        write: Callable[[Mapping[str, Any]], None],
        dataset: MapDataset,
        *,
        seed: int = 0,
        count: int = 8,
    ) -> None:
        self.note, self.write = note, write
        self._dataset, self._seed, self._count = dataset, seed, min(count, len(dataset))
        self._items: list[dict[str, Tensor]] = []
        self._looks: tuple[int, list[Look]] = (0, [])

    def looks(self, runner: Runner) -> list[Look]:
        """Return what the trained generators make of the fixed images now, with averaged weights where there are some.

        The first alarm that asks in a step pays: 8 translations for each generator.
        """
        step = runner.train_loop.progress.step
        if self._looks[0] != step:
            model, device = runner.model.translation, runner.model.device
            self._looks = (step, [look for name in _trained(model) if (look := self._look(model, name, device))])
        return self._looks[1]

    def _look(self, model: UnpairedTranslation, generator: str, device: torch.device) -> Look | None:
        source, expression = generator[0], f"{generator}({generator[0]})"
        inputs = [item[source] for item in self._read() if source in item]
        outputs = [
            model.render(batch_to_device({source: image[None]}, device), [expression])[expression][0].float().cpu()
            for image in inputs
        ]
        return Look(generator, inputs, outputs) if inputs else None

    def _read(self) -> list[dict[str, Tensor]]:
        """Return the fixed images, by domain; they are read once."""
        if not self._items:
            for index in range(self._count):
                with seeded(self._seed, 0, index):
                    item = self._dataset[index]
                self._items.append({domain: item[domain] for domain in ("a", "b") if domain in item})
        return self._items


def _trained(model: UnpairedTranslation) -> list[str]:
    """Return the generators that translate a domain, moving averages left out: they stand in for their networks."""
    return [name for name in model.generators if f"generators.{name}" not in model.averages and name[0] in ("a", "b")]
