"""Sends scalars and samples of a run to its trackers, and to mmengine's visualization back ends."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from traceback import extract_tb
from typing import Any

import numpy as np
from torch import Tensor

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import I2IKitError
from i2ikit.files import read_json, write_atomically
from i2ikit.images.guarding import open_image
from i2ikit.trackers.base import TrackedRun, Tracker, flat, short_name
from i2ikit.work_dir import WorkDir

PATIENCE = 3  # errors in a row after which a tracker is left out


class TrackersHook(RunHook):
    """Passes each line of the log, and each grid of samples, to the trackers of a run.

    Scalars are called ``losses/TERM``, ``lr/NETWORK``, ``metrics/METRIC.VALUE``, and grids ``samples``. The ids of the
    run at its trackers are in ``trackers.json`` of the work directory, so that a resumed run continues there.

    Args:
        trackers: of the config.
        backends: whether the config has ``vis_backends``.
        step: that a resumed run continues after; 0 for a new run.
    """

    priority = "LOWEST"  # after the grids are written

    def __init__(self, trackers: Sequence[Tracker], *, backends: bool = False, step: int = 0) -> None:
        self._trackers, self._backends, self._step = list(trackers), backends, step
        self._started: dict[str, Tracker] = {}
        self._failed: dict[str, int] = {}  # errors in a row
        self._told: set[str] = set()
        self._finished = False

    def before_run(self, run: TranslationRunner) -> None:
        """Start all trackers, so that errors come before the first step, and listen to the log.

        A resumed run may owe a measurement, which the hooks make in ``before_train``. It does not end where a tracker
        cannot be reached, as a new run does.

        Raises:
            I2IKitError: a tracker cannot start a new run.
        """
        self._run = run
        if self._backends:
            self._trackers.append(VisBackends(run))
        ids = read_ids(run.folder)
        if ids is None:
            run.reporter.note(f"{run.folder.trackers} is damaged: the trackers begin new runs.")
            ids = {}
        for name, tracker in self._named():
            found = self._start(name, tracker, ids.get(name))
            if found is not None:
                ids[name] = found
        write_atomically(run.folder.trackers, json.dumps(ids))
        run.log.listeners.append(self.add_line)

    def add_line(self, line: Mapping[str, Any]) -> None:
        """Send the scalars of a line of the log."""
        found = dict(scalars(line))
        if found and not line.get("partial"):
            self._send(lambda tracker: tracker.log_values(found, line["step"]))

    def before_train(self, run: TranslationRunner) -> None:
        """Send the grid of the step that a run resumes from: the run may have ended before it was sent."""
        self._send_grid(run)

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Send the grid of this step, if there is one."""
        self._send_grid(run)

    def after_train(self, run: TranslationRunner) -> None:
        """Note that the run is at its end."""
        self._finished = True

    def close(self) -> None:
        """Let all trackers send what is left."""
        self._send(lambda tracker: tracker.close(self._finished))

    def _start(self, name: str, tracker: Tracker, known: str | None) -> str | None:
        """Start a tracker; return the id of its run, or None where a resumed run goes on without it."""
        run = self._run
        folder = run.folder.path
        about = TrackedRun(folder.name, folder.absolute(), flat(run.config), step=self._step, id=known)
        try:
            found = tracker.start(about)
            if not isinstance(found, str):
                raise TypeError(f"{type(tracker).__name__}.start must return the id of the run, not {found!r}")
        except Exception as error:  # each service has errors of its own
            if not self._step:
                raise I2IKitError(f"the tracker {name} cannot start: {_reason(error)}") from error
            anew = f" To begin a new run there, remove {name!r} from {run.folder.trackers}." if known else ""
            run.reporter.note(
                f"The run goes on without the tracker {name}, which cannot start: {_reason(error).rstrip('.')}.{anew}"
            )
            return None
        self._started[name] = tracker
        if tracker.where:
            run.reporter.note(f"Tracker {name}: {tracker.where}")
        return found

    def _send_grid(self, run: TranslationRunner) -> None:
        step = run.progress.step
        path = run.folder.samples / f"step_{step:06d}.jpg"
        if path.is_file() and self._started:
            with open_image(path) as file:
                image = np.asarray(file.convert("RGB"))
            self._send(lambda tracker: tracker.log_image("samples", image, step))

    def _send(self, call: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._started.items()):
            try:
                call(tracker)
            except Exception as error:  # each service has errors of its own
                self._failed[name] = self._failed.get(name, 0) + 1
                note = f"The tracker {name} failed, the run goes on: {_reason(error)}"
                if self._failed[name] == 1 and note not in self._told:  # it may fail at images only, again and again
                    self._told.add(note)
                    self._run.reporter.note(note)
                if self._failed[name] == PATIENCE:
                    del self._started[name]
                    self._run.reporter.note(
                        f"The tracker {name} failed {PATIENCE} times in a row and is left out until the run is resumed."
                    )
            else:
                self._failed[name] = 0

    def _named(self) -> Iterator[tuple[str, Tracker]]:
        """Yield trackers with names that are the same whenever the run is resumed, whether others start or not."""
        counts = Counter[str]()
        for tracker in self._trackers:
            base = "vis_backends" if isinstance(tracker, VisBackends) else short_name(type(tracker))
            counts[base] += 1
            yield base if counts[base] == 1 else f"{base}#{counts[base]}", tracker


class VisBackends(Tracker):
    """mmengine's visualization back ends of a run."""

    def __init__(self, run: TranslationRunner) -> None:
        self.run = run

    def start(self, run: TrackedRun) -> str:
        """Open all back ends."""
        for backend in self.run.visualizer._vis_backends.values():  # mmengine has no other way to open them early
            try:
                _ = backend.experiment
            except Exception as error:
                raise I2IKitError(f"{type(backend).__name__}: {_reason(error)}") from error
        return ""

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Pass on scalars."""
        self.run.visualizer.add_scalars(dict(values), step=step)

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Pass on an image."""
        self.run.visualizer.add_image(name, image, step=step)

    def close(self, finished: bool) -> None:
        """Flush and close all back ends."""
        self.run.visualizer.close()


def read_ids(folder: WorkDir) -> dict[str, str] | None:
    """Return the ids of a run at its trackers, by name of the tracker; None if the file is damaged."""
    if not folder.trackers.exists():
        return {}
    found = read_json(folder.trackers)
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else None


def scalars(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the finite values of a line of the log by name."""
    for group in ("losses", "lr", "metrics"):
        found = line.get(group)
        for name, value in found.items() if isinstance(found, Mapping) else ():
            if isinstance(value, int | float) and math.isfinite(value):
                yield f"{group}/{name}", float(value)


def _reason(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text or extract_tb(error.__traceback__)[-1].line}"  # of a bare assert: its line
