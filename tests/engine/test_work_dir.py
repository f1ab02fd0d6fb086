import errno
import json
import os
import runpy

import pytest

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.reporter import SilentReporter
from i2ikit.engine.work_dir import WorkDir, WorkDirError, writing_to
from i2ikit.errors import RunError
from i2ikit.files import write_atomically


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
        write_atomically(tmp_path / "taken", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_checkpoints_of_every_fourth_step_stay_for_good(tmp_path):
    folder = WorkDir(tmp_path)
    for step in (4, 5, 6, 8, 9, 10):
        write_checkpoint(folder.checkpoint(step), Checkpoint(config={}, model={}))
    folder.drop_checkpoints_before(folder.checkpoint(10), keep=2, keep_every=4)
    assert [path.stem for path in folder.list_checkpoints()] == [f"step_{step:06d}" for step in (4, 8, 9, 10)]


def test_cleaning_removes_half_written_files_and_nothing_else(tmp_path):
    folder = WorkDir(tmp_path)
    folder.checkpoints.mkdir()
    kept = [folder.checkpoint(1), tmp_path / "notes.tmp", tmp_path / ".hidden"]
    left = [folder.checkpoints / ".step_000002.pt.12.tmp", tmp_path / ".log.jsonl.12.tmp"]
    for path in (*kept, *left):
        path.write_bytes(b"x")
    folder.clean()
    assert [path.exists() for path in (*kept, *left)] == [True] * 3 + [False] * 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_message_that_says_what_is_left(tmp_path, number):
    expected = r"Checkpoints that are there are whole: make room, and go on.*--resume"
    with pytest.raises(RunError, match=expected), writing_to(tmp_path):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("place", [".", "log.jsonl", ".."])
def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path, place):
    path = (tmp_path / "run" / place).resolve()
    expected = r"cannot write to .*run: .*Permission denied.*--work-dir DIR"
    with pytest.raises(WorkDirError, match=expected), writing_to(tmp_path / "run"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_an_error_about_another_place_passes(tmp_path):
    with pytest.raises(PermissionError), writing_to(tmp_path / "run"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "photos" / "1.png"))
