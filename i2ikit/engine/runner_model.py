"""The model as mmengine's Runner and its hooks want to see it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.distributed import processes
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.update import PhaseUpdater
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation


def first_positions(batches: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the place of each batch's first image among all images of a step, those of other processes included."""
    size, ranks, rank = len(batches[0]["a"]), processes.count(), processes.rank()
    return [(number * ranks + rank) * size for number in range(len(batches))]


class RunnerModel(nn.Module):
    """Puts the tensor code, which knows nothing of mmengine, behind mmengine's ``train_step(data, optim_wrapper)``.

    Args:
        translation: the model, on ``device``.
        device: where batches go.
        seed: of the draws.

    Attributes:
        progress: of the next step; the loop sets it.
    """

    def __init__(self, translation: UnpairedTranslation, device: torch.device, seed: int) -> None:
        super().__init__()
        self.translation = translation
        self.device, self.seed = device, seed
        self.progress = Progress(epoch=1, step=1, epochs=1, steps=1)

    def train_step(self, data: Sequence[Mapping[str, Any]], optim_wrapper: PhaseUpdater) -> dict[str, Tensor]:
        """Run all phases on the batches of a step; return the unweighted losses by name of the term, detached."""
        batches = [batch_to_device(batch, self.device) for batch in data]
        draws = [RandomStreams(self.seed, self.progress.step, first=first) for first in first_positions(batches)]
        return self.translation.train_step_on(batches, optim_wrapper, self.progress, draws)
