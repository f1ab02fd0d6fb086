"""MLflow: a server, or a database of SQLite beside the runs."""

import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, ClassVar

import numpy as np

from i2ikit.registry import TRACKERS
from i2ikit.trackers.base import TrackedRun, Tracker

SQLITE = "sqlite:///"
WAIT = 10  # seconds, where another program writes into the database
AT_ONCE, LONGEST = 100, 6000  # MLflow's limits: parameters of a call, letters of a value


@TRACKERS.register_module()
class MLflowTracker(Tracker):
    """Log to MLflow; a resumed run continues its run there.

    MLflow does not change a parameter: one that a resumed run has changed becomes a tag of the same name.

    Args:
        uri: of the server or of the database; None: that of the variable MLFLOW_TRACKING_URI, else ``mlflow.db`` in the
            folder of the work directory, with the images in ``mlflow_images`` beside it.
        experiment: that the run belongs to; it is created.

    Example:
        >>> config = dict(trackers=[dict(type="MLflowTracker", experiment="zebras")])
    """

    needs: ClassVar[tuple[str, ...]] = ("mlflow", "sqlalchemy", "alembic")

    def __init__(self, uri: str | None = None, *, experiment: str = "i2ikit") -> None:
        self.uri, self.experiment = uri, experiment
        self._client: Any = None
        self._id = ""

    def start(self, run: TrackedRun) -> str:
        """Begin or continue a run."""
        from mlflow import MlflowClient

        home = run.folder.parent
        chosen = self.uri or os.environ.get("MLFLOW_TRACKING_URI")
        uri = chosen or f"sqlite:///{home / 'mlflow.db'}"
        if uri.startswith(SQLITE):
            check_database(uri.removeprefix(SQLITE).partition("?")[0])
        self._client = client = MlflowClient(uri)
        if run.id is not None:
            client.update_run(run.id, status="RUNNING")
            self._id = run.id
        else:
            images = None if chosen else (home / "mlflow_images").as_uri()
            self._id = client.create_run(self._find_experiment(images), run_name=run.name).info.run_id
        self._record(run.config)
        self.where = uri if uri.startswith("http") else f"mlflow ui --backend-store-uri {uri}"
        return self._id

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Log metrics, in one call."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(self._id, metrics=[Metric(name, value, now, step) for name, value in values.items()])

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Log an image, which MLflow shows by step."""
        self._client.log_image(self._id, image, key=name, step=step)

    def close(self, finished: bool) -> None:
        """Set the state of the run: finished, or killed until it is resumed."""
        self._client.set_terminated(self._id, "FINISHED" if finished else "KILLED")

    def _find_experiment(self, images: str | None) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        if found is None:
            return str(self._client.create_experiment(self.experiment, artifact_location=images))
        return str(found.experiment_id)

    def _record(self, config: Mapping[str, object]) -> None:
        from mlflow.entities import Param, RunTag

        known = self._client.get_run(self._id).data.params
        texts = {key: str(value)[:LONGEST] for key, value in config.items()}
        new = [Param(key, value) for key, value in texts.items() if key not in known]
        changed = [RunTag(key, value) for key, value in texts.items() if known.get(key, value) != value]
        for first in range(0, len(new), AT_ONCE):
            self._client.log_batch(self._id, params=new[first : first + AT_ONCE])
        for first in range(0, len(changed), AT_ONCE):
            self._client.log_batch(self._id, tags=changed[first : first + AT_ONCE])


def check_database(path: str) -> None:
    """Open a database for writing; MLflow itself tries that for minutes, with a page of warnings.

    Raises:
        sqlite3.Error: it cannot be written, or the file is no database.
    """
    with closing(sqlite3.connect(path, timeout=WAIT)) as database:
        database.execute("BEGIN IMMEDIATE")
