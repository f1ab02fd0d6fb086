"""Comet, online or into files that are sent later."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from i2ikit.registry import TRACKERS
from i2ikit.trackers.base import TrackedRun, Tracker


@TRACKERS.register_module()
class CometTracker(Tracker):
    """Log to Comet; a resumed run continues its experiment there.

    Args:
        project: that the experiment belongs to.
        workspace: None: the user's default.
        offline: write archives into ``comet`` of the work directory, which ``comet upload`` sends later; else Comet's
            API key must be configured.

    Example:
        >>> config = dict(trackers=[dict(type="CometTracker", project="zebras", offline=True)])
    """

    needs: ClassVar[tuple[str, ...]] = ("comet_ml",)

    def __init__(self, project: str = "i2ikit", *, workspace: str | None = None, offline: bool = False) -> None:
        self.project, self.workspace, self.offline = project, workspace, offline
        self._experiment: Any = None

    def start(self, run: TrackedRun) -> str:
        """Begin or continue an experiment."""
        import comet_ml

        folder = run.folder / "comet"
        folder.mkdir(parents=True, exist_ok=True)
        self._experiment = found = comet_ml.start(
            workspace=self.workspace,
            project_name=self.project,
            experiment_key=run.id,
            mode="get" if run.id else "create",
            online=not self.offline,
            experiment_config=comet_ml.ExperimentConfig(
                name=run.name,
                offline_directory=str(folder),
                log_code=False,
                log_graph=False,
                parse_args=False,
                auto_output_logging=False,
                log_env_details=False,
            ),
        )
        found.log_parameters(dict(run.config))
        self.where = f"comet upload {folder}/*.zip" if self.offline else str(found.url)
        return str(found.get_key())

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Log metrics."""
        self._experiment.log_metrics(dict(values), step=step)

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Log an image."""
        self._experiment.log_image(image, name=name, step=step)

    def close(self, finished: bool) -> None:
        """Send or write the rest."""
        self._experiment.end()
