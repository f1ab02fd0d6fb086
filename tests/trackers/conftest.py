"""A run that is interrupted after step 4, though its checkpoint is of step 2, and resumed with another config."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from i2ikit.trackers.base import TrackedRun, Tracker

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
IMAGE = np.zeros((8, 12, 3), dtype=np.uint8)


@pytest.fixture
def track(tmp_path: Path) -> Callable[[Callable[[], Tracker]], str]:
    """``track(make)`` sends the run to two trackers, as its two processes do; returns its id."""

    def run(make: Callable[[], Tracker]) -> str:
        folder = tmp_path / "runs" / "mine"
        folder.mkdir(parents=True)
        config = {"seed": 0, "data.cache": False, "data.cache_dir": None, "model.type": "UnpairedTranslation"}
        first = make()
        found = first.start(TrackedRun("mine", folder, config))
        first.log_values({"losses/gan": 1.5, "lr/generators.ab": 1e-3}, 2)
        first.log_image("samples", IMAGE, 2)
        first.log_values({"losses/gan": 1.25}, 4)
        first.close(False)
        second = make()
        assert second.start(TrackedRun("mine", folder, {**config, "seed": 1}, step=2, id=found)) == found
        assert first.where
        second.log_values({"losses/gan": 1.25}, 4)
        second.log_values({"metrics/mean.brightness": 0.5}, 4)
        second.log_image("samples", IMAGE + 1, 4)
        second.close(True)
        return found

    return run
