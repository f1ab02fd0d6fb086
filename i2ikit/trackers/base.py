"""The base of trackers, and the facts of a run that they receive."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np

Plain = int | float | str | bool | None


@dataclass(frozen=True)
class TrackedRun:
    """A run as its trackers see it.

    Attributes:
        name: of the work directory.
        folder: the work directory, an absolute path.
        config: resolved, by key path: ``{"train.steps": 100, ...}``.
        step: that a resumed run continues after; 0 for a new run.
        id: what :meth:`Tracker.start` returned when the run was new; None for a new run, or a tracker that is new.
    """

    name: str
    folder: Path
    config: Mapping[str, Plain]
    step: int = 0
    id: str | None = None


class Tracker:
    """Sends the values and images of a run to a service or into files; a subclass imports its package in ``start``.

    Only the first process of a run has trackers. An error in ``start`` ends a new run before its first step; any later
    error is shown, and the run goes on.

    Attributes:
        needs: modules of the package that a tracker imports; a config with one that is missing is refused.
        where: set by ``start``: a sentence for the user with the address, or the command that shows the run.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    where: str = ""

    def start(self, run: TrackedRun) -> str:
        """Begin a run, or continue the one of ``run.id``; record the config; return the id of the run."""
        raise NotImplementedError

    def log_values(self, values: Mapping[str, float], step: int) -> None:
        """Record finite values by name, such as ``losses/gan``, ``lr/generators.ab`` or ``metrics/fid.fid``."""
        raise NotImplementedError

    def log_image(self, name: str, image: np.ndarray, step: int) -> None:
        """Record an image, uint8 (H, W, 3)."""
        raise NotImplementedError

    def close(self, finished: bool) -> None:
        """Send what is left and end; ``finished``: the run is at its end, else it may be resumed."""


def short_name(kind: type[Tracker]) -> str:
    """Return the name of a tracker on the command line: ``wandb`` for ``WandbTracker``."""
    return kind.__name__.removesuffix("Tracker").lower()


def missing_package(kind: type[Tracker]) -> str:
    """Return which package of a tracker is missing and how to install it, in one line; empty: none."""
    missing = [module for module in kind.needs if find_spec(module) is None]
    if not missing:
        return ""
    own = kind.__module__.startswith("i2ikit.")
    install = f"'i2ikit[{short_name(kind)}]'" if own else " ".join(missing)
    return f"{kind.__name__} needs {' and '.join(missing)}: pip install {install}"


def flat(config: object, path: str = "") -> dict[str, Plain]:
    """Return the values of a config by key path; a list of plain values is one value, as text."""
    if isinstance(config, Mapping):
        items = [(str(key), value) for key, value in config.items()]
    elif isinstance(config, list | tuple) and any(isinstance(value, Mapping | list | tuple) for value in config):
        items = [(str(index), value) for index, value in enumerate(config)]
    elif isinstance(config, list | tuple):
        return {path: ", ".join(map(str, config))}
    else:
        return {path: config if isinstance(config, Plain) else str(config)}
    return {
        key: value for name, inner in items for key, value in flat(inner, f"{path}.{name}" if path else name).items()
    }
