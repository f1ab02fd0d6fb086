"""Samples of fixed test images, so that one sees the translation improve."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.evaluation.gallery import write_gallery
from i2ikit.evaluation.items import first_items
from i2ikit.evaluation.samples import write_samples

EARLY = 100  # the step of the first samples, so that a beginner need not wait for ``every``


class SamplesHook(RunHook):
    """Writes samples (see :func:`write_samples`) every N steps, early on and at the end.

    Args:
        folder: where they go; it is made.
        dataset: its first items are shown.
        every: steps between samples, >= 1.
        count: items, >= 1; fewer if the data set has fewer.
        gallery: test images that are translated one by one after the last step, >= 0; see :func:`write_gallery`.
        seed: as for :func:`first_items`.
    """

    def __init__(
        self, folder: Path, dataset: MapDataset, *, every: int, count: int, gallery: int = 0, seed: int
    ) -> None:
        self.folder, self.dataset, self.gallery = folder, dataset, gallery
        self.every, self.count, self.seed = every, count, seed
        self._items: list[dict[str, Any]] = []

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Write samples if this step is due, and the gallery after the last one."""
        progress, model, device = run.progress, run.translation, run.model.device
        if progress.step % self.every == 0 or progress.step in (EARLY, progress.steps):
            self._items = self._items or list(first_items(self.dataset, self.count, seed=self.seed))
            write_samples(self.folder, model, self._items, device=device, step=progress.step)
        if self.gallery and progress.step == progress.steps:
            write_gallery(
                self.folder / "gallery",
                model,
                self.dataset,
                device=device,
                step=progress.step,
                count=self.gallery,
                seed=self.seed,
            )
