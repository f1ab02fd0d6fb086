import json

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
    return folder.is_dir()


@pytest.mark.parametrize(("step", "due"), [(99, False), (100, True), (500, True), (600, False), (700, True)])
def test_samples_are_due_early_every_n_steps_and_at_the_end(cut, tmp_path, step, due):
    assert written(tmp_path / "samples", cut, step) == due


@pytest.mark.parametrize(("step", "gallery", "items"), [(500, 3, 2), (700, 3, 3), (700, 0, 2)])
def test_the_last_step_may_show_more_items(cut, tmp_path, step, gallery, items):
    written(tmp_path, cut, step, gallery=gallery)
    assert len(json.loads((tmp_path / f"step_{step:06d}" / "index.json").read_text())["items"]) == items
