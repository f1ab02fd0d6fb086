"""Weights & Biases, online or into files that are sent later."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from i2ikit.registry import TRACKERS
from i2ikit.trackers.base import TrackedRun, Tracker


@TRACKERS.register_module()
class WandbTracker(Tracker):
    """Log to Weights & Biases; a resumed run continues its run there.

    Args:
        project: that the run belongs to.
        entity: user or team; None: the user's default.
        mode: ``offline`` writes files into ``wandb`` of the work directory, which ``wandb sync`` sends later; None: as
            the variable WANDB_MODE says, else ``online``, which needs ``wandb login`` once.

    Example:
        >>> config = dict(trackers=[dict(type="WandbTracker", project="zebras", mode="offline")])
    """

    needs: ClassVar[tuple[str, ...]] = ("wandb",)

    def __init__(
        self,
        project: str = "i2ikit",
        *,
        entity: str | None = None,
        mode: Literal["online", "offline"] | None = None,
    ) -> None:
        self.project, self.entity, self.mode = project, entity, mode
        self._run: Any = None

    def start(self, run: TrackedRun) -> str:
        """Begin or continue a run."""
        import wandb

        self._run = found = wandb.init(
            project=self.project,
            entity=self.entity,
            mode=self.mode,
            id=run.id,
            resume="allow" if run.id else None,
            name=run.name,
            dir=str(run.folder),
            reinit="create_new",
            settings=wandb.Settings(console="off", silent=True),
        )
        found.config.update(dict(run.config), allow_val_change=True)  # a resumed run may have another config
        found.define_metric("*", step_metric="step")  # the axis of all charts
        if found.offline:
            self.where = f"wandb sync {run.folder / 'wandb'}/offline-run-*-{found.id}"
        else:
            self.where = str(found.url)
        return str(found.id)

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Log scalars."""
        self._log(values, step)

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Log an image."""
        import wandb

        self._log({name: wandb.Image(image)}, step)

    def close(self, finished: bool) -> None:
        """Send the rest; a run that is not finished is marked as failed until it is resumed."""
        self._run.finish(exit_code=0 if finished else 1)

    def _log(self, values: Mapping[str, Any], step: int) -> None:
        """Log one row; W&B's own count of rows may not go back, where a resumed run repeats steps."""
        self._run.log({**values, "step": step}, step=max(step, self._run.step), commit=True)
