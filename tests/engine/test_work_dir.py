import json
import runpy

import pytest

from i2ikit.engine.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.reporter import SilentReporter
from i2ikit.engine.work_dir import WorkDir, WorkDirError, write_whole


def test_config_py_and_config_json_say_the_same(tmp_path):
    config = {"model": {"taps": ["stem", "out"], "none": None}, "optimizer": {"lr": 2e-4}, "hooks": []}
    WorkDir(tmp_path / "run").write_config(config)
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == config
    found = runpy.run_path(str(tmp_path / "run" / "config.py"))
    assert {key: found[key] for key in config} == config


def test_checkpoints_are_in_the_order_of_their_steps(tmp_path):
    folder = WorkDir(tmp_path)
    for step in (1_000_000, 20, 999_999):
        write_checkpoint(folder.checkpoint(step), Checkpoint(config={}, model={}))
    assert [path.name for path in folder.list_checkpoints()] == [
        "step_000020.pt", "step_999999.pt", "step_1000000.pt",
    ]  # fmt: skip


def test_the_newest_whole_checkpoint_is_read_and_the_damaged_ones_are_told(tmp_path):
    notes = []

    class Listener(SilentReporter):
        def note(self, text: str) -> None:
            notes.append(text)

    folder = WorkDir(tmp_path)
    for step in (1, 2, 3):
        write_checkpoint(folder.checkpoint(step), Checkpoint(config={}, model={}, progress={"step": step}))
    folder.checkpoint(3).write_bytes(b"PK")
    assert folder.read_newest_checkpoint(Listener()).progress == {"step": 2}
    assert len(notes) == 1
    assert "step_000003.pt is not a whole checkpoint" in notes[0]


def test_only_damaged_checkpoints_are_none(tmp_path):
    folder = WorkDir(tmp_path)
    folder.checkpoints.mkdir()
    folder.checkpoint(3).write_bytes(b"")
    with pytest.raises(WorkDirError, match="all of them are damaged"):
        folder.read_newest_checkpoint(SilentReporter())


def test_dropping_keeps_the_last_ones_and_leaves_later_files_alone(tmp_path):
    folder = WorkDir(tmp_path)
    for step in (1, 2, 3, 9):
        write_checkpoint(folder.checkpoint(step), Checkpoint(config={}, model={}))
    folder.drop_checkpoints_before(folder.checkpoint(3), keep=2)
    assert [path.stem for path in folder.list_checkpoints()] == ["step_000002", "step_000003", "step_000009"]


def test_a_small_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
