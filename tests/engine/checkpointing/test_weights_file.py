"""Weights as a safetensors file."""

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.weights_file import open_checkpoint, weights_content
from i2ikit.errors import CheckpointError

GENERATOR = {"type": "ResNetGenerator", "filters": 2}


def checkpoint() -> Checkpoint:
    model = {"generators.ab.b": torch.arange(3.0), "generators.ab.a": torch.tensor(5)}
    return Checkpoint(
        {"model": {"generators": {"ab": GENERATOR}}},
        model,
        progress={"step": 3},
        versions={"i2ikit": "0.1.0"},
        plugins={"example": {"package": "i2ikit-example", "version": "1"}},
        extra={"averaged": ["ab"], "seconds": 3.0},
    )


def written(folder: Path, **changes: str) -> Path:
    content = weights_content(checkpoint())
    if changes:
        length = struct.unpack("<Q", content[:8])[0]
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        content = save(checkpoint().model, {**metadata, **changes})
    path = folder / "w.safetensors"
    path.write_bytes(content)
    return path


def test_a_checkpoint_comes_back_with_its_config_and_versions(tmp_path):
    found, expected = open_checkpoint(written(tmp_path)), checkpoint()
    for name in ("config", "progress", "versions", "plugins"):
        assert getattr(found, name) == getattr(expected, name)
    assert set(found.model) == set(expected.model)
    for key, value in expected.model.items():
        assert torch.equal(found.model[key], value)
        assert found.model[key].dtype == value.dtype
    assert (found.optimizers, found.extra) == ({}, {"averaged": ["ab"]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "else"}, "was not written by `i2ikit export`"),
        ({"config": "{"}, "its config is no JSON"),
        ({"config": '{"model": 5}'}, "config.model must be a dict"),
        ({"progress": "?"}, "progress is no JSON"),
        ({"progress": '{"step": "a"}'}, "progress.step must be"),
        ({"versions": "[1]"}, "versions must be a dict"),
        ({"averaged": '{"ab": 1}'}, "averaged must be a list"),
        ({"averaged": "[1]"}, "averaged"),
        ({"hash": "0"}, "its weights do not match their hash"),
    ],
)
def test_a_file_that_was_changed_is_refused_by_name(changes, message, tmp_path):
    with pytest.raises(CheckpointError, match=message) as caught:
        open_checkpoint(written(tmp_path, **changes))
    assert "w.safetensors" in str(caught.value)


def test_a_file_that_is_missing_cut_off_or_of_another_program_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="there is no file"):
        open_checkpoint(tmp_path / "none.safetensors")
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CheckpointError, match="cut off or damaged"):
        open_checkpoint(path)
    path.write_bytes(save({"x": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match="holds no config"):
        open_checkpoint(path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    model = {"generators.ab.b": torch.tensor([1.0, float("nan")])}
    path = tmp_path / "w.safetensors"
    path.write_bytes(weights_content(Checkpoint({}, model)))
    with pytest.raises(CheckpointError, match=r"1 of 2 values of generators\.ab\.b are not finite"):
        open_checkpoint(path)


def test_what_is_no_tensor_is_not_written():
    with pytest.raises(CheckpointError, match=r"generators\.ab\._extra_state is none"):
        weights_content(Checkpoint({}, {"generators.ab._extra_state": {"a": 1}}))


def test_a_missing_package_is_one_line(tmp_path, monkeypatch):
    path = written(tmp_path)
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"needs safetensors: pip install 'i2ikit\[export\]'"):
        open_checkpoint(path)
