import os
import pickle
import random
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from i2ikit.engine.checkpointing.checkpoint import (
    Checkpoint,
    find_foreign,
    find_unreadable,
    read_checkpoint,
    write_checkpoint,
)
from i2ikit.errors import CheckpointError, RunError
from i2ikit.tensor_files import content_hash

PLAIN = {
    "tensors": [torch.ones(2), nn.Parameter(torch.ones(1)), torch.zeros(1, dtype=torch.bfloat16)],
    "numbers": (1, 2.5, True, None),
    "text": "x",
    3: OrderedDict(size=torch.Size([1, 2]), dtype=torch.float16, device=torch.device("cpu")),
}


class Trap:
    """A pickle that leaves a file behind when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def a_checkpoint() -> Checkpoint:
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return Checkpoint(
        config={"model": {"taps": ("stem", "out")}, "seed": 3},
        model=layer.state_dict(),
        optimizers={"generate": optimizer.state_dict()},
        progress={"epoch": 2, "step": 7},
        versions={"i2ikit": "0.1.0"},
        plugins={"stripes": {"package": "i2ikit-stripes", "version": "1.0"}},
        extra={"pool": {"images": [torch.ones(2)], "count": 1}},
    )


def test_a_checkpoint_comes_back_as_it_was_written_with_tuples_as_lists(tmp_path):
    written = a_checkpoint()
    write_checkpoint(tmp_path / "new folder" / "step_000007.pt", written)
    read = read_checkpoint(tmp_path / "new folder" / "step_000007.pt")
    assert read.config == {"model": {"taps": ["stem", "out"]}, "seed": 3}
    assert read.progress == written.progress
    assert read.versions == written.versions
    assert read.plugins == written.plugins
    assert all(torch.equal(read.model[key], value) for key, value in written.model.items())
    assert torch.equal(
        read.optimizers["generate"]["state"][0]["exp_avg"], written.optimizers["generate"]["state"][0]["exp_avg"]
    )
    assert torch.equal(read.extra["pool"]["images"][0], torch.ones(2))


def test_writing_leaves_nothing_but_the_checkpoint(tmp_path):
    write_checkpoint(tmp_path / "a.pt", a_checkpoint())
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_a_write_that_fails_leaves_the_older_file_intact(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "a.pt", a_checkpoint())
    before = (tmp_path / "a.pt").read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"cannot write the checkpoint .*a\.pt: .*the disk is full"):
        write_checkpoint(tmp_path / "a.pt", a_checkpoint())
    assert (tmp_path / "a.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"there is no file .*gone\.pt"):
        read_checkpoint(tmp_path / "gone.pt")


@pytest.mark.parametrize("kept", [0, 1, 200, 1000])
def test_a_cut_off_checkpoint_is_named(tmp_path, kept):
    path = tmp_path / "cut.pt"
    write_checkpoint(path, a_checkpoint())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"cut\.pt is not complete: it is cut off or damaged"):
        read_checkpoint(path)


def test_a_flipped_bit_in_a_weight_is_found(tmp_path):
    path = tmp_path / "flipped.pt"
    checkpoint = Checkpoint(config={}, model={"weight": torch.full((4096,), 0.123456)})
    write_checkpoint(path, checkpoint)
    content = bytearray(path.read_bytes())
    weight = content.find(checkpoint.model["weight"].numpy().tobytes())
    content[weight + random.Random(0).randrange(4096 * 4)] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match=r"flipped\.pt is damaged: the checksum of its record"):
        read_checkpoint(path)


def test_a_file_with_code_is_refused_and_the_code_does_not_run(tmp_path):
    torch.save({"format": Trap(tmp_path / "trapped")}, tmp_path / "trap.pt")
    with pytest.raises(CheckpointError, match=r"trap\.pt holds types that are not allowed: posix\.mkdir\. No code"):
        read_checkpoint(tmp_path / "trap.pt")
    assert not (tmp_path / "trapped").exists()


def test_a_plain_pickle_is_refused(tmp_path):
    (tmp_path / "old.pt").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(CheckpointError, match=r"old\.pt is not complete: .* torch did not write it"):
        read_checkpoint(tmp_path / "old.pt")


def test_a_file_of_bare_weights_is_called_foreign(tmp_path):
    torch.save({"model.1.weight": torch.ones(2)}, tmp_path / "latest_net_G.pth")
    with pytest.raises(CheckpointError, match=r"latest_net_G\.pth was not written by i2ikit's training"):
        read_checkpoint(tmp_path / "latest_net_G.pth")


def test_a_checkpoint_of_a_newer_format_says_what_to_install(tmp_path):
    content = {"format": "i2ikit checkpoint", "format_version": 99, "versions": {"i2ikit": "9.9"}}
    torch.save(content, tmp_path / "new.pt")
    with pytest.raises(CheckpointError, match=r"new\.pt has format version 99.*use the i2ikit that wrote it \(9\.9\)"):
        read_checkpoint(tmp_path / "new.pt")


@pytest.mark.parametrize("value", [None, "1", True, torch.zeros(2), {}])
@pytest.mark.parametrize(
    ("name", "message"), [("format", "was not written by i2ikit"), ("format_version", "has format version .* reads")]
)
def test_a_format_of_another_kind_is_an_unknown_one(tmp_path, name, message, value):
    with pytest.raises(CheckpointError, match=rf"(?s)a\.pt {message}"):
        read_checkpoint(changed(tmp_path / "a.pt", seal=True, **{name: value}))


def test_a_checkpoint_with_a_part_missing_is_called_damaged(tmp_path):
    torch.save({"format": "i2ikit checkpoint", "format_version": 1, "config": "{}"}, tmp_path / "part.pt")
    with pytest.raises(CheckpointError, match=r"part\.pt is damaged: it has no 'model'"):
        read_checkpoint(tmp_path / "part.pt")


def changed(path: Path, *, seal: bool, **changes: Any) -> Path:
    """Write a checkpoint with other fields; ``seal``: and with the checksum that fits them."""
    write_checkpoint(path, a_checkpoint())
    content = {**torch.load(path, weights_only=True), **changes}
    others = {key: value for key, value in content.items() if key != "checksum"}
    torch.save({**others, "checksum": content_hash(others)} if seal else content, path)
    return path


FIELDS = ("config", "model", "optimizers", "progress", "versions", "plugins", "extra")


@pytest.mark.parametrize("seal", [True, False])
@pytest.mark.parametrize("value", [None, 3, "text", [1], {3: 4}])
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_of_the_wrong_kind_is_named(tmp_path, name, value, seal):
    if name == "extra" and value == {3: 4}:
        return  # plain data of any kind
    with pytest.raises(CheckpointError, match=rf"a\.pt is damaged: .*{name}"):
        read_checkpoint(changed(tmp_path / "a.pt", seal=seal, **{name: value}))


ODD_TYPE = '{"data": {"train": {"transform": [{"type": {}}]}}}'


@pytest.mark.parametrize(
    "text", ["null", "7", "[]", "{", "[" * 10**5, '{"model": {"generators": []}}', '{"seed": -1}', ODD_TYPE]
)
def test_a_config_that_is_none_is_named(tmp_path, text):
    with pytest.raises(CheckpointError, match=r"a\.pt is damaged: (its )?config"):
        read_checkpoint(changed(tmp_path / "a.pt", seal=True, config=text))


@pytest.mark.parametrize("progress", [{"epoch": -1}, {"step": 2.0}, {"step": None}, {"step": True}])
def test_a_place_in_the_run_that_cannot_be_is_named(tmp_path, progress):
    with pytest.raises(CheckpointError, match=r"progress\.(step|epoch) must be an integer of at least 0"):
        read_checkpoint(changed(tmp_path / "a.pt", seal=True, progress=progress))


def test_weights_that_are_not_finite_are_refused_by_the_name_of_the_tensor(tmp_path):
    weights = {"generators.ab.stem.weight": torch.ones(3), "generators.ab.out.bias": torch.tensor([1.0, float("inf")])}
    write_checkpoint(tmp_path / "a.pt", Checkpoint(config={}, model=weights))
    with pytest.raises(CheckpointError, match=r"a\.pt .*: 1 of 2 values of generators\.ab\.out\.bias are not finite"):
        read_checkpoint(tmp_path / "a.pt")
    assert len(read_checkpoint(tmp_path / "a.pt", any_weights=True).model) == 2


def test_a_weight_that_was_changed_after_the_checkpoint_was_written_is_noticed(tmp_path):
    weights = a_checkpoint().model
    weights["weight"] = weights["weight"].clone()
    weights["weight"].view(torch.int32)[0, 0] ^= 1  # the last bit
    with pytest.raises(CheckpointError, match=r"a\.pt is damaged: its content does not match its checksum"):
        read_checkpoint(changed(tmp_path / "a.pt", seal=False, model=weights))


def test_what_counts_as_plain_comes_back_from_a_file(tmp_path):
    assert find_foreign(PLAIN) == ""
    write_checkpoint(tmp_path / "a.pt", Checkpoint(config={}, model={}, extra=PLAIN))
    read = read_checkpoint(tmp_path / "a.pt").extra
    assert read[3] == PLAIN[3]
    assert torch.equal(read["tensors"][2], PLAIN["tensors"][2])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, {"b": Path("x")}]}, "a.1.b is a pathlib."),
        ({"a": np.float64(1)}, "a is a numpy.float64"),  # a float to isinstance, a stranger to the reader
        ({"a": np.ones(2)}, "a is a numpy.ndarray"),
        ({"a": {1, 2}}, "a is a set"),
        ({"a": defaultdict(int)}, "a is a collections.defaultdict"),
        ({"a": {Path("x"): 1}}, "a has the key "),
        ({"a": len}, "a is a builtin_function_or_method"),
    ],
)
def test_anything_else_is_named_with_its_key(value, expected):
    assert find_foreign(value).startswith(expected)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    checkpoint = Checkpoint(config={}, model={}, extra={"best": np.float64(0.5)})
    assert find_unreadable(checkpoint) == "extra.best is a numpy.float64"
    with pytest.raises(RunError, match=r"a\.pt: extra\.best is a numpy\.float64\. Only tensors and plain data"):
        write_checkpoint(tmp_path / "a.pt", checkpoint)
    assert list(tmp_path.iterdir()) == []
