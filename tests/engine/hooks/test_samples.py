import json

import torch
from PIL import Image

from i2ikit.build import Builder
from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.registry import DATASETS
from i2ikit.translation import build_model


def written(folder, config, steps, count=2):
    builder = Builder()
    model = build_model(config["model"], builder)
    assert model is not None, builder.errors
    dataset = DATASETS.get("NoisyPairs")(count=3)
    hook = SamplesHook(folder, dataset, every=500, count=count, seed=0)
    for step in steps:
        hook.write(model, torch.device("cpu"), step)
    return model


def test_the_same_images_are_shown_at_every_step(cut, tmp_path):
    written(tmp_path, cut, (100, 500))
    assert (tmp_path / "step_000100.png").read_bytes() == (tmp_path / "step_000500.png").read_bytes()


def test_a_grid_has_no_more_rows_than_there_are_images(cut, tmp_path):
    written(tmp_path, cut, (100,), count=8)
    assert json.loads((tmp_path / "step_000100.json").read_text())["rows"] == 3
    with Image.open(tmp_path / "step_000100.png") as image:
        assert image.size == (2 * 16, 3 * 16)


def test_drawing_samples_leaves_the_model_in_training_mode_and_its_history_alone(cyclegan, tmp_path):
    model = written(tmp_path, cyclegan, (100,))
    assert model.training
    assert model.views["pool"].get_extra_state() == {}


def test_nothing_but_the_grid_and_its_description_is_left(cut, tmp_path):
    written(tmp_path, cut, (100,))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step_000100.json", "step_000100.png"]
