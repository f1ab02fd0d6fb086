"""Aim: a folder of runs, shown by ``aim up``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from i2ikit.registry import TRACKERS
from i2ikit.trackers.base import TrackedRun, Tracker


@TRACKERS.register_module()
class AimTracker(Tracker):
    """Log into a repository of Aim; a resumed run continues its run there.

    Args:
        repo: folder of the repository, or the address of a server, ``aim://...``; None: the folder of the work
            directory. A folder gets a repository where it has none.
        experiment: that the run belongs to.

    Example:
        >>> config = dict(trackers=[dict(type="AimTracker", experiment="zebras")])
    """

    needs: ClassVar[tuple[str, ...]] = ("aim",)

    def __init__(self, repo: str | None = None, *, experiment: str = "i2ikit") -> None:
        self.repo, self.experiment = repo, experiment
        self._run: Any = None

    def start(self, run: TrackedRun) -> str:
        """Begin or continue a run."""
        import aim

        place = self.repo or str(run.folder.parent)
        if "://" not in place and not aim.Repo.exists(place):
            Path(place).mkdir(parents=True, exist_ok=True)
            aim.Repo.from_path(place, init=True)
        self._run = found = aim.Run(
            run_hash=run.id,
            repo=place,
            experiment=self.experiment,
            system_tracking_interval=None,
            log_system_params=False,
            capture_terminal_logs=False,
        )
        found.name = run.name
        found["config"] = dict(run.config)
        self.where = f"aim up --repo {place}"
        return str(found.hash)

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Track scalars."""
        for name, value in values.items():
            self._run.track(value, name=name, step=step)

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Track an image."""
        import aim

        self._run.track(aim.Image(image), name=name, step=step)

    def close(self, finished: bool) -> None:
        """Write the rest."""
        self._run.close()
