"""Samples of fixed test images, so that one sees the translation improve."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from i2ikit.data.loading import MapDataset
from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.evaluation.samples import grid_path, write_samples
from i2ikit.interfaces.progress import Progress

MARK = ".interrupted"  # extension of an empty file that marks the samples of an interruption
EARLY = 100  # the step of the first samples, so that a beginner need not wait for ``every``


class SamplesHook(RunHook):
    """Writes samples (see :func:`write_samples`) every N steps, early on, at the end, and at an interruption.

    A resumed run removes those of the interruption, so that it ends with the samples of a run without one.

    Args:
        folder: where they go; it is made.
        dataset: test images; those that are shown are spread over it.
        every: steps between samples, >= 1.
        count: items, >= 1; fewer if the dataset has fewer.
        gallery: items after the last step, if this is more than ``count``.
        show: expressions of further images and maps to show, such as ``"ab(a).mask"``.
        seed: as for :func:`first_items`.
    """

    priority = "VERY_LOW"  # after the checkpoint: it reads test data

    def __init__(
        self,
        folder: Path,
        dataset: MapDataset,
        *,
        every: int,
        count: int,
        seed: int,
        gallery: int = 0,
        show: Sequence[str] = (),
    ) -> None:
        self.show = tuple(show)
        self.folder, self.dataset, self.seed = folder, dataset, seed
        self.every, self.count, self.gallery = every, count, gallery

    def before_train(self, run: TranslationRunner) -> None:
        """Remove samples of an interruption, and of steps that a resumed run repeats; write those that it owes."""
        now = run.progress.step
        for path in {path.with_suffix("") for path in self.folder.glob("step_*")}:
            digits, mark = path.name.removeprefix("step_"), path.with_suffix(MARK)
            if (digits.isdecimal() and int(digits) > now) or mark.exists():
                path.with_suffix(".jpg").unlink(missing_ok=True)
                shutil.rmtree(path, ignore_errors=True)
                mark.unlink(missing_ok=True)
        if now and not grid_path(self.folder, now).is_file():
            self.after_step(run, {})

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Write samples if this step is due."""
        progress = run.progress
        if self._is_due(progress):
            last = progress.step == progress.steps
            self._write(run, max(self.count, self.gallery) if last else self.count)

    def on_interrupt(self, run: TranslationRunner) -> None:
        """Write samples of the step after which a run stops, unless it has them; called by the loop."""
        if not self._is_due(run.progress):
            self.folder.mkdir(parents=True, exist_ok=True)
            grid_path(self.folder, run.progress.step).with_suffix(MARK).touch()
            self._write(run, self.count)

    def _is_due(self, progress: Progress) -> bool:
        return progress.step in (EARLY, progress.steps) or progress.step % self.every == 0

    def _write(self, run: TranslationRunner, count: int) -> None:
        write_samples(
            self.folder,
            run.translation,
            self.dataset,
            device=run.model.device,
            step=run.progress.step,
            count=count,
            seed=self.seed,
            show=self.show,
        )
