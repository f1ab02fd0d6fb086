"""Checkpoints as files of the published code."""

from pathlib import Path
from typing import BinaryIO

import pytest
import torch

from i2ikit.config import find_config, load_config
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError, RunError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.interop.exporting import describe_unpublished, export_files
from i2ikit.inference.trained_model import TrainedModel


def checkpoint_of(
    path: Path, generators: dict[str, ResNetGenerator], configs: dict[str, object], **model: object
) -> TrainedModel:
    weights = {f"generators.{name}.{key}": v for name, g in generators.items() for key, v in g.state_dict().items()}
    write_checkpoint(path / "c.pt", Checkpoint(config={"model": {"generators": configs, **model}}, model=weights))
    return TrainedModel(path / "c.pt")


def test_networks_that_the_published_code_does_not_have_are_left_out_with_the_reason(tmp_path: Path) -> None:
    small = {"type": "ResNetGenerator", "filters": 2, "blocks": 1}
    generators = {name: ResNetGenerator(filters=2, blocks=1) for name in ("ab", "extra")}
    trained = checkpoint_of(tmp_path, generators, {"ab": small, "extra": small})
    written, left_out = export_files(trained, tmp_path)
    assert [path.name for path in written.values()] == ["latest_net_G.pth"]
    assert list(left_out) == ["generators.extra"]


def test_without_a_published_generator_nothing_is_written(tmp_path: Path) -> None:
    config = {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "input_skip": True}
    trained = checkpoint_of(tmp_path, {"ab": ResNetGenerator(filters=2, blocks=1, input_skip=True)}, {"ab": config})
    with pytest.raises(CheckpointError, match=r"(?s)no generator that the published code could read.*input_skip"):
        export_files(trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_whose_weights_do_not_fit_its_config_is_named(tmp_path: Path) -> None:
    trained = checkpoint_of(
        tmp_path, {"ab": ResNetGenerator(filters=2, blocks=1)}, {"ab": {"type": "ResNetGenerator", "filters": 4}}
    )
    with pytest.raises(CheckpointError, match=r"generators\.ab of \S+c\.pt: the weights do not fit its config"):
        export_files(trained, tmp_path)


def test_of_a_network_with_a_moving_average_the_average_is_written(tmp_path: Path) -> None:
    generators = {name: ResNetGenerator(filters=2, blocks=1) for name in ("ab", "ab_mean")}
    config = {"ab": {"type": "ResNetGenerator", "filters": 2, "blocks": 1}}
    averages = {"ab_mean": {"of": "generators.ab", "momentum": 0.9}}
    trained = checkpoint_of(tmp_path, generators, config, averages=averages)
    written, left_out = export_files(trained, tmp_path)
    assert not left_out
    weights = torch.load(written["generators.ab"], weights_only=True)
    assert torch.equal(weights["model.1.weight"], generators["ab_mean"].stages.stem.conv.weight)


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"type": "ResNetGenerator", "filters": 2, "blocks": 1}
    generators = {name: ResNetGenerator(filters=2, blocks=1) for name in ("ab", "ba")}
    trained = checkpoint_of(tmp_path, generators, {"ab": small, "ba": small})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "latest_net_G_A.pth").write_bytes(b"older")
    save, calls = torch.save, []

    def full(state: object, file: BinaryIO) -> None:
        calls.append(state)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save(state, file)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(RunError, match=r"cannot write to \S+out: .*No space left on device"):
        export_files(trained, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["latest_net_G_A.pth"]
    assert (tmp_path / "out" / "latest_net_G_A.pth").read_bytes() == b"older"


def test_a_config_whose_generator_has_no_published_layout_says_so_before_the_training() -> None:
    assert describe_unpublished(load_config(find_config("cut/horse2zebra"))) == ""
    assert describe_unpublished(load_config(find_config("cut/stripes"))) == (
        "The published code cannot read the generator: no published generator has input_skip. Instead of "
        "`i2ikit export --format official`, another format can hold it, such as onnx."
    )
