from pathlib import Path

import pytest
import torch
from torch import nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator

RESNET = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}


def save(path: Path, generators: dict[str, nn.Module]) -> Path:
    state = {f"generators.{name}.{key}": v for name, g in generators.items() for key, v in g.state_dict().items()}
    write_checkpoint(path, Checkpoint(config={"model": {"generators": dict.fromkeys(generators, RESNET)}}, model=state))
    return path


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)


def test_a_checkpoint_holds_the_trained_generators_and_the_first_one_is_the_default(tmp_path: Path):
    ab, ba, x = resnet(1), resnet(2), torch.rand(1, 3, 16, 16)
    path = save(tmp_path / "a.pt", {"ab": ab, "ba": ba})
    assert torch.equal(Translator.load(path)(x), Translator(ab)(x))
    assert torch.equal(Translator.load(path, output="ba")(x), Translator(ba)(x))


def test_the_average_is_used_unless_the_raw_weights_are_wanted(tmp_path: Path):
    raw, average, x = resnet(1), resnet(2), torch.rand(1, 3, 16, 16)
    states = {"ba": raw.state_dict(), "ba_mean": average.state_dict(), "ab": raw.state_dict()}
    weights = {f"generators.{name}.{key}": value for name, state in states.items() for key, value in state.items()}
    model = {"generators": {"ab": RESNET, "ba": RESNET}, "averages": {"ba_mean": {"of": "generators.ba"}}}
    write_checkpoint(tmp_path / "a.pt", Checkpoint(config={"model": model}, model=weights))
    assert torch.equal(Translator.load(tmp_path / "a.pt", output="ba")(x), Translator(average)(x))
    assert torch.equal(Translator.load(tmp_path / "a.pt", output="ba", weights="raw")(x), Translator(raw)(x))


def test_the_size_of_the_training_comes_from_the_config(tmp_path: Path):
    weights = {f"generators.ab.{key}": value for key, value in resnet(0).state_dict().items()}
    train = {"type": "UnpairedFolders", "transform": {"type": "ResizeCropFlip"}}
    data = {"load_size": 36, "crop_size": 32, "train": train}
    scaled = {"type": "UnpairedFolders", "transform": {"type": "ScaleWidth"}}  # to images of any height
    for config, expected in (
        ({"data": data}, 32),  # the networks saw crops of that size
        ({"data": {**data, "train": scaled}}, 36),
        ({"data": {"train": {"type": "UnpairedFolders"}}}, None),
        ({}, 256),
    ):
        full = {"model": {"generators": {"ab": RESNET}}, **config}
        write_checkpoint(tmp_path / "a.pt", Checkpoint(config=full, model=weights))
        assert Translator.load(tmp_path / "a.pt").training_size == expected


def test_options_of_load_that_are_unknown_or_wrong_are_refused(tmp_path: Path):
    path = save(tmp_path / "a.pt", {"ab": resnet(1)})
    with pytest.raises(TypeError, match=r"takes no argument 'sise'; it takes compile, .* Nearest: 'size'"):
        Translator.load(path, sise=3)
    with pytest.raises(TypeError, match=r"the path of a checkpoint .*, not ResNetGenerator; a generator itself"):
        Translator.load(resnet(1))
    with pytest.raises(CheckpointError, match=r"has no output 'ba'; it has ab"):
        Translator.load(path, output="ba")
    with pytest.raises(ValueError, match="size must be an integer above 0, not 0"):
        Translator.load(path, size=0)
