"""The short form of the fuzz over `--set`: no value ends a command but with a message."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def fuzz_config(monkeypatch, tmp_path) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("fuzz_config", TOOLS / "fuzz_config.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fuzz_config", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.training_plan, "add_costs", lambda plan: None)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cut/stripes", "enco/horse2zebra"])
def test_wrong_values_end_with_a_message(fuzz_config, name):
    values = [value for kind in fuzz_config.VALUES.values() for value in kind]
    failures = [
        (override[:100], outcome.failure(), outcome.text[:200])
        for _, override, outcome in fuzz_config.fuzz(name, values, set(), every=151)
        if outcome.failure()
    ]
    assert not failures


@pytest.mark.parametrize(
    ("outcome", "failure"),
    [
        ((0, "", 1), ""),
        ((2, "no loss is called 'x'", 1), ""),
        ((2, "", 1), "no message"),
        ((1, "the disk is full", 1), "exit code 1"),
        ((1, "This is an unexpected error.", 1), "unexpected error"),
        ((0, "", 99), "took 99 s"),
    ],
)
def test_an_end_is_judged_by_code_message_and_time(fuzz_config, outcome, failure):
    assert fuzz_config.Outcome(*outcome).failure() == failure


def test_keys_at_their_defaults_are_tried_too(fuzz_config):
    config = {"train": {"steps": 3}, "optimizer": {"type": "Adam", "lr": 1}}
    paths = {".".join(keys) for keys, _ in fuzz_config.key_paths(config, config)}
    assert {"train", "train.steps", "train.accumulate", "optimizer.weight_decay", "optimizer.lr"} <= paths


def test_a_part_that_configs_share_is_tried_once(fuzz_config):
    done: set[str] = set()
    config = {"train": {"steps": 3}}
    assert len(list(fuzz_config.cases(config, ["0"], done))) > 1
    assert list(fuzz_config.cases(config, ["0"], done)) == []


def test_keys_that_no_packaged_config_sets_are_tried_too(fuzz_config):
    config = fuzz_config.small_config(fuzz_config.packaged_configs()["cut/stripes"])
    paths = {".".join(keys) for keys, _ in fuzz_config.key_paths(config, config)}
    views = {f"model.views.times.{key}" for key in ("stream", "at_test")}
    parts = {"model.discriminators.b.augment", "model.extractors.vgg.weights", "data.train.extra.0"}
    assert {"model.images.seen", "model.outputs.ab_seen", *views, *parts} <= paths
