"""Scalars and grids of a run for mmengine's visualization back ends, TensorBoard among them."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from PIL import Image
from torch import Tensor

from i2ikit.errors import I2IKitError

EXTRAS = {"TensorboardVisBackend": "pip install 'i2ikit[tensorboard]'"}


class VisualizerHook(Hook):
    """Hands each line of the log, and each grid of samples, to the visualizer of the run.

    Scalars are called ``losses/TERM``, ``lr/NETWORK``, ``metrics/METRIC.NUMBER``, and grids ``samples``.

    Args:
        samples: folder of the grids.
    """

    priority = "LOWEST"  # after the grids are written

    def __init__(self, samples: Path) -> None:
        self.samples = samples
        self._visualizer: Any = None

    def before_train(self, runner: Runner) -> None:
        """Open all back ends, so that what they lack is found before the first step.

        Raises:
            I2IKitError: a back end needs a package that is not installed, or cannot be reached.
        """
        self._visualizer = runner.visualizer
        for backend in runner.visualizer._vis_backends.values():  # mmengine has no other way to open them early
            name = type(backend).__name__
            try:
                _ = backend.experiment
            except Exception as error:  # each service has errors of its own
                hint = f" Install it: {EXTRAS[name]}" if name in EXTRAS else ""
                raise I2IKitError(f"the visualization back end {name} cannot be used: {error}.{hint}") from error

    def hear(self, line: Mapping[str, Any]) -> None:
        """Pass on the scalars of a line of the log."""
        found = dict(scalars(line))
        if found and self._visualizer is not None:
            self._visualizer.add_scalars(found, step=line["step"])

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Pass on the grid of this step, if there is one."""
        step = runner.train_loop.progress.step
        path = self.samples / f"step_{step:06d}.png"
        if path.is_file():
            with Image.open(path) as image:
                self._visualizer.add_image("samples", np.asarray(image.convert("RGB")), step=step)

    def close(self) -> None:
        """Let all back ends write what they hold."""
        if self._visualizer is not None:
            self._visualizer.close()


def scalars(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the finite numbers of a line of the log by name."""
    for group in ("losses", "lr", "metrics"):
        found = line.get(group)
        for name, value in found.items() if isinstance(found, Mapping) else ():
            if isinstance(value, int | float) and math.isfinite(value):
                yield f"{group}/{name}", float(value)
    if isinstance(line.get("memory"), int | float):
        yield "memory", float(line["memory"])
