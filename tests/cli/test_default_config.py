"""`i2ikit train --data DIR` without a config: the choice, and the same command in full."""

import shlex

import pytest
from PIL import Image

from i2ikit.cli.default_config import full_command
from i2ikit.cli.train import Precision, TrainOptions
from i2ikit.config import choice


@pytest.fixture
def trained(monkeypatch):
    """What the command would train: the arguments of each call."""
    calls = []
    monkeypatch.setattr("i2ikit.api.train", lambda config, **options: calls.append((config, options)))
    return calls


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("my photos/trainA", "my photos/trainB"):
        (tmp_path / folder).mkdir(parents=True)
        Image.new("RGB", (80, 70)).save(tmp_path / folder / "1.png")
    return tmp_path / "my photos"


def test_the_full_command_trains_exactly_the_same(run, photos, trained, monkeypatch):
    monkeypatch.setattr(choice.os, "cpu_count", lambda: 2)
    short = run("train", "--data", "my photos", "--device", "cpu", "--set", "train.steps=7", "--recipe", "masked")
    assert (short.code, short.err) == (0, "")
    heading, *reasons, same, command = short.out.splitlines()
    assert heading == "No config is named; chosen for 1 and 1 images:"
    assert len(reasons) == 4
    assert same == "The same command in full:"
    assert command == (
        "  i2ikit train cut/stripes --data 'my photos' --recipe fast,small_data --recipe masked "
        "--set data.load_size=72 --set data.crop_size=64 --set train.steps=7 --work-dir 'runs/my photos' --device cpu"
    )
    assert run(*shlex.split(command)[1:]).out == ""
    short_call, full_call = trained
    assert short_call == full_call
    config = full_call[0]
    assert (config["train"]["steps"], config["data"]["train"]["root"]) == (7, "my photos")
    assert config["model"]["generators"]["ab"]["mask"]
    assert config["model"]["discriminators"]["b"]["augment"]["type"] == "DiffAugment"


def test_check_shows_the_chosen_config(run, photos, monkeypatch):
    monkeypatch.setattr("i2ikit.profiling.training_plan.add_costs", lambda plan: None)
    shown = run("check", "--data-a", "my photos/trainA", "--data-b", "my photos/trainB")
    assert shown.code == 0
    assert "i2ikit check cut/" in shown.out
    assert "ResNetGenerator" in shown.out


def test_a_folder_without_images_of_a_domain_is_the_usual_error(run, photos):
    (photos / "trainB" / "1.png").unlink()
    found = run("train", "--data", "my photos")
    assert found.code == 2
    assert "trainB" in found.err


def test_a_command_without_config_and_images_says_what_to_name(run):
    assert "name a config, such as `i2ikit check cut/stripes`, or your images" in run("check").err
    assert "--resume takes the work directory of the run" in run("train", "--resume").err


def test_all_options_are_part_of_the_full_command():
    options = TrainOptions(
        "cut/maps", seed=3, precision=Precision.bf16, trackers=["aim", "wandb"], overrides=["a.b=1", "c=2"]
    )
    assert full_command("train", options) == (
        "i2ikit train cut/maps --set a.b=1 --set c=2 --precision bf16 --seed 3 --tracker aim --tracker wandb"
    )
