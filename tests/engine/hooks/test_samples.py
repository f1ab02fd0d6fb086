import contextlib
import itertools
import json

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.evaluation import samples
from i2ikit.registry import DATASETS
from i2ikit.translation import build_model


class RunAt:
    """A run of 700 steps that is at ``step``."""

    def __init__(self, config, step):
        self.translation, self.model, self.device = build_model(config["model"], Builder()), self, torch.device("cpu")
        self.progress, self.step, self.steps = self, step, 700


def make_hook(folder, **arguments):
    return SamplesHook(folder, DATASETS.get("NoisyPairs")(count=3), every=500, count=2, seed=0, **arguments)


def written(folder, config, step, **arguments):
    make_hook(folder, **arguments).after_step(RunAt(config, step), {})
    return folder.is_dir()


@pytest.mark.parametrize(("step", "due"), [(99, False), (100, True), (500, True), (600, False), (700, True)])
def test_samples_are_due_early_every_n_steps_and_at_the_end(cut, tmp_path, step, due):
    assert written(tmp_path / "samples", cut, step) == due


@pytest.mark.parametrize(("step", "gallery", "items"), [(500, 3, 2), (700, 3, 3), (700, 0, 2)])
def test_the_last_step_may_show_more_items(cut, tmp_path, step, gallery, items):
    written(tmp_path, cut, step, gallery=gallery)
    assert len(json.loads((tmp_path / f"step_{step:06d}" / "index.json").read_text())["items"]) == items


def test_an_interrupted_run_has_samples_of_its_last_step_until_it_is_resumed(cut, tmp_path):
    hook = make_hook(tmp_path)
    hook.after_step(RunAt(cut, 100), {})
    hook.on_interrupt(RunAt(cut, 150))
    names = {"step_000100", "step_000100.jpg"}
    interrupted = {"step_000150", "step_000150.jpg", "step_000150.interrupted"}
    assert {path.name for path in tmp_path.iterdir()} == names | interrupted
    hook.before_train(RunAt(cut, 150))
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize("written", [0, 1, 2])
def test_samples_of_an_interruption_that_were_not_complete_are_removed(cut, tmp_path, monkeypatch, written):
    count = itertools.count()

    def kill(*arguments):
        if next(count) == written:
            raise KeyboardInterrupt
        return write(*arguments)

    write = samples.write_atomically
    monkeypatch.setattr(samples, "write_atomically", kill)
    hook = make_hook(tmp_path)
    with contextlib.suppress(KeyboardInterrupt):
        hook.on_interrupt(RunAt(cut, 150))
    hook.before_train(RunAt(cut, 150))
    assert list(tmp_path.iterdir()) == []


def test_the_gallery_of_a_finished_run_that_is_extended_stays(cut, tmp_path):
    hook, run = make_hook(tmp_path), RunAt(cut, 700)
    hook.after_step(run, {})
    run.steps = 900
    hook.before_train(run)
    assert {path.name for path in tmp_path.iterdir()} == {"step_000700", "step_000700.jpg"}


def test_samples_of_steps_that_a_resumed_run_repeats_are_removed(cut, tmp_path):
    hook = make_hook(tmp_path)
    for step in (100, 500):
        hook.after_step(RunAt(cut, step), {})
    hook.before_train(RunAt(cut, 400))
    assert {path.name for path in tmp_path.iterdir()} == {"step_000100", "step_000100.jpg"}
    hook.before_train(RunAt(cut, 100))
    assert (tmp_path / "step_000100").is_dir()  # due at that step


def test_a_step_whose_samples_are_written_is_not_rendered_again_at_an_interruption(cut, tmp_path):
    make_hook(tmp_path).on_interrupt(RunAt(cut, 500))
    assert list(tmp_path.iterdir()) == []
