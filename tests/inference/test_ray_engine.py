"""A local Ray with two workers."""

import builtins
import gc
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError, DataError, RunError
from i2ikit.extras import MissingExtraError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator
from i2ikit.inference.pipeline import intra_op_threads
from i2ikit.inference.ray_engine import Model, _add_up, translate_folder
from i2ikit.inference.tally import Tally

SIZES = [(16, 16), (24, 16), (16, 16), (5, 3)]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = ResNetGenerator(filters=4, blocks=1, init="normal", init_gain=0.3)
    config = {"model": {"generators": {"ab": {"type": "ResNetGenerator", "filters": 4, "blocks": 1}}}}
    weights = {f"generators.ab.{name}": value for name, value in network.state_dict().items()}
    write_checkpoint(tmp_path / "x.pt", Checkpoint(config=config, model=weights))
    return tmp_path / "x.pt"


def make_photos(folder: Path) -> None:
    folder.mkdir()
    random = np.random.default_rng(0)
    for number, (width, height) in enumerate(SIZES * 4):
        pixels = random.integers(0, 255, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra ray")
@pytest.mark.filterwarnings("ignore")  # Ray does not wait for its processes
def test_ray_writes_the_same_bytes_counts_failures_and_repeats_warnings(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    make_photos(tmp_path / "in")
    Image.new("RGB", (8, 8)).save(tmp_path / "in" / "old.pcx")
    (tmp_path / "in" / "broken.png").write_text("text")
    seen: list[tuple[int, int | None]] = []
    with pytest.raises(DataError, match=r"^17 of 18 images written to \S+ray; 1 could .*\n  - \S+broken\.png is not"):
        translate_folder(
            Model(checkpoint, "cpu"),
            tmp_path / "in",
            tmp_path / "ray",
            {"on_progress": lambda *counts: seen.append(counts)},
            workers=2,
        )
    assert tuple(capfd.readouterr()) == ("", "")
    assert seen[-1] == (18, 18)
    assert "old.pcx becomes old.png" in caplog.text
    with intra_op_threads(1), pytest.raises(DataError):
        Translator.load(checkpoint, "cpu").folder(tmp_path / "in", tmp_path / "local")
    gc.collect()  # what Ray left is collected in this test
    local = {path.name: path.read_bytes() for path in (tmp_path / "local").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "ray").iterdir()} == local


def test_results_of_shares_are_added(tmp_path: Path):
    tally = Tally(tmp_path, tmp_path / "out")
    one = {"written": 2, "skipped": 1, "listed": 9, "others": 0, "failures": ["a"], "unlisted": ["f"], "warnings": []}
    rows = [{**one, "fatal": []}, {**one, "others": 3, "fatal": []}]
    _add_up(tally, iter(rows), None)
    assert (tally.written, tally.skipped, tally.listed, tally.others) == (4, 2, 9, 3)
    assert (tally.failures, tally.unlisted) == (["a", "a"], ["f"])
    with pytest.raises(RunError, match=r"^the disk is full$"):
        _add_up(tally, iter([{**one, "fatal": ["RunError the disk is full"]}]), None)


def test_what_is_wrong_is_said_before_ray_starts(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    imported = builtins.__import__

    def no_ray(name: str, *others: object, **named: object) -> object:
        assert name != "ray"
        return imported(name, *others, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", no_ray)
    with pytest.raises(DataError, match=r"--engine ray translates folders, and .*x\.pt is none"):
        translate_folder(Model(checkpoint), checkpoint, tmp_path / "out", {})
    with pytest.raises(CheckpointError):
        translate_folder(Model(tmp_path / "missing.pt"), tmp_path, tmp_path / "out", {})
    find = importlib.util.find_spec
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None if name == "ray" else find(name))
    with pytest.raises(MissingExtraError, match=r"^--engine ray needs ray: pip install 'i2ikit\[ray\]'$"):
        translate_folder(Model(checkpoint), tmp_path, tmp_path / "out", {})
