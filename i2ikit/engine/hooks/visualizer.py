"""Sends scalars and samples of a run to mmengine's visualization back ends, such as TensorBoard."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.errors import I2IKitError
from i2ikit.images.guarding import open_image

EXTRAS = {"TensorboardVisBackend": "pip install 'i2ikit[tensorboard]'"}


class VisualizerHook(RunHook):
    """Passes each line of the log, and each grid of samples, to the visualizer of the run.

    Scalars are called ``losses/TERM``, ``lr/NETWORK``, ``metrics/METRIC.VALUE``, and grids ``samples``.
    """

    priority = "LOWEST"  # after the grids are written

    def __init__(self) -> None:
        self._visualizer: Any = None

    def before_run(self, run: TranslationRunner) -> None:
        """Open all back ends, so that a missing package is found before the first step, and listen to the log.

        A resumed run may owe a measurement, which the hooks make in ``before_train``.

        Raises:
            I2IKitError: a back end needs a package that is not installed, or cannot be reached.
        """
        self._visualizer = run.visualizer
        for backend in run.visualizer._vis_backends.values():  # mmengine has no other way to open them early
            name = type(backend).__name__
            try:
                _ = backend.experiment
            except Exception as error:  # each service has errors of its own
                hint = f" Install it: {EXTRAS[name]}" if name in EXTRAS else ""
                raise I2IKitError(f"the visualization back end {name} cannot be used: {error}.{hint}") from error
        run.log.listeners.append(self.add_line)

    def add_line(self, line: Mapping[str, Any]) -> None:
        """Send the scalars of a line of the log."""
        found = dict(scalars(line))
        if found and not line.get("partial"):
            self._visualizer.add_scalars(found, step=line["step"])

    def before_train(self, run: TranslationRunner) -> None:
        """Send the grid of the step that a run resumes from: the run may have ended before it was sent."""
        self._send_grid(run)

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        """Send the grid of this step, if there is one."""
        self._send_grid(run)

    def _send_grid(self, run: TranslationRunner) -> None:
        step = run.progress.step
        path = run.folder.samples / f"step_{step:06d}.jpg"
        if path.is_file():
            with open_image(path) as image:
                self._visualizer.add_image("samples", np.asarray(image.convert("RGB")), step=step)

    def close(self) -> None:
        """Flush and close all back ends."""
        if self._visualizer is not None:
            self._visualizer.close()


def scalars(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the finite values of a line of the log by name."""
    for group in ("losses", "lr", "metrics"):
        found = line.get(group)
        for name, value in found.items() if isinstance(found, Mapping) else ():
            if isinstance(value, int | float) and math.isfinite(value):
                yield f"{group}/{name}", float(value)
