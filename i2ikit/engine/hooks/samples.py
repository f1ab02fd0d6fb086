"""Samples of fixed test images, so that one sees the translation improve."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.evaluation.samples import grid_path, write_samples

EARLY = 100  # the step of the first samples, so that a beginner need not wait for ``every``


class SamplesHook(RunHook):
    """Writes samples (see :func:`write_samples`) every N steps, early on and at the end.

    Args:
        folder: where they go; it is made.
        dataset: test images; the first ones are shown.
        every: steps between samples, >= 1.
        count: items, >= 1; fewer if the dataset has fewer.
        gallery: items after the last step, if this is more than ``count``.
        seed: as for :func:`first_items`.
    """

    priority = "VERY_LOW"  # after the checkpoint: it reads test data

    def __init__(
        self, folder: Path, dataset: MapDataset, *, every: int, count: int, gallery: int = 0, seed: int
    ) -> None:
        self.folder, self.dataset, self.seed = folder, dataset, seed
        self.every, self.count, self.gallery = every, count, gallery

    def before_train(self, run: TranslationRunner) -> None:
        """Write the samples that a run which ended between its checkpoint and its samples still owes."""
        if run.progress.step and not grid_path(self.folder, run.progress.step).is_file():
            self.after_step(run, {})

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Write samples if this step is due."""
        step, last = run.progress.step, run.progress.step == run.progress.steps
        if last or step == EARLY or step % self.every == 0:
            write_samples(
                self.folder,
                run.translation,
                self.dataset,
                device=run.model.device,
                step=step,
                count=max(self.count, self.gallery) if last else self.count,
                seed=self.seed,
            )
