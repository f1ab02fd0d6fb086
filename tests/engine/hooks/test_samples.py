import pytest
import torch

from i2ikit.build import Builder
from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.registry import DATASETS
from i2ikit.translation import build_model


class RunAt:
    """A run of 700 steps that is at ``step``."""

    def __init__(self, config, step):
        self.translation, self.model, self.device = build_model(config["model"], Builder()), self, torch.device("cpu")
        self.progress, self.step, self.steps = self, step, 700


def written(folder, config, step, **arguments):
    hook = SamplesHook(folder, DATASETS.get("NoisyPairs")(count=3), every=500, count=2, seed=0, **arguments)
    hook.after_step(RunAt(config, step), {})
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize(("step", "due"), [(99, False), (100, True), (500, True), (600, False), (700, True)])
def test_samples_are_due_early_every_n_steps_and_at_the_end(cut, tmp_path, step, due):
    assert bool(written(tmp_path / "samples", cut, step)) == due


def test_the_gallery_follows_the_last_step(cut, tmp_path):
    assert written(tmp_path, cut, 500, gallery=1) == ["step_000500", "step_000500.jpg"]
    assert "gallery" in written(tmp_path, cut, 700, gallery=1)
