"""TensorBoard: event files in the work directory."""

import shutil
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from i2ikit.registry import TRACKERS
from i2ikit.trackers.base import TrackedRun, Tracker

FOLDER = "tensorboard"  # in the work directory


@TRACKERS.register_module()
class TensorBoardTracker(Tracker):
    """Write event files into ``tensorboard`` of the work directory; ``tensorboard --logdir runs`` shows all runs.

    A resumed run replaces what an interrupted one wrote after the checkpoint.

    Example:
        >>> config = dict(trackers=[dict(type="TensorBoardTracker")])
    """

    needs: ClassVar[tuple[str, ...]] = ("tensorboard",)

    def __init__(self) -> None:
        self._writer: Any = None

    def start(self, run: TrackedRun) -> str:
        """Open a file."""
        from torch.utils.tensorboard import SummaryWriter

        folder = run.folder / FOLDER
        if not run.step:
            shutil.rmtree(folder, ignore_errors=True)  # of a run that ended before its first checkpoint
        self._writer = SummaryWriter(str(folder), purge_step=run.step + 1 if run.step else None, flush_secs=30)
        lines = [f"| {key} | {value} |" for key, value in run.config.items()]
        self._writer.add_text("config", "\n".join(["| key | value |", "|---|---|", *lines]), run.step)
        self.where = f"tensorboard --logdir {run.folder.parent}"
        return FOLDER

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Write scalars."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Write an image."""
        self._writer.add_image(name, image, step, dataformats="HWC")

    def close(self, finished: bool) -> None:
        """Write the rest."""
        self._writer.close()
