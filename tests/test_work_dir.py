import errno
import os

import pytest

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError, I2IKitError, RunError
from i2ikit.files import write_atomically
from i2ikit.work_dir import WorkDir, WorkDirError, choose_checkpoint, refuse_output, writing_to


def test_checkpoints_are_in_the_order_of_their_steps(tmp_path):
    folder = WorkDir(tmp_path)
    for step in (1_000_000, 20, 999_999):
        write_checkpoint(folder.checkpoint(step), Checkpoint(config={}, model={}))
    assert [path.name for path in folder.list_checkpoints()] == [
        "step_000020.pt", "step_999999.pt", "step_1000000.pt",
    ]  # fmt: skip


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
    folder.remove_partial_files()
    assert [path.exists() for path in (*kept, *left)] == [True] * 3 + [False] * 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_one_message_that_says_what_is_left(tmp_path, number):
    expected = r"(the disk is full|quota of the disk is used up|ulimit -f).*checkpoints are intact: make room.*--resume"
    with pytest.raises(RunError, match=expected), writing_to(tmp_path):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("name", [".", "log.jsonl", ".."])
def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path, name):
    path = (tmp_path / "run" / name).resolve()
    expected = r"cannot write to .*run: .*permission denied.*--work-dir DIR"
    with pytest.raises(WorkDirError, match=expected), writing_to(tmp_path / "run"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_an_error_about_another_path_passes(tmp_path):
    with pytest.raises(PermissionError), writing_to(tmp_path / "run"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "photos" / "1.png"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_file_that_would_cost_a_checkpoint_or_replaces_a_device_is_no_output(tmp_path):
    folder = WorkDir(tmp_path / "run")
    folder.checkpoints.mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    for path in (folder.checkpoint(20), folder.best_checkpoint):
        refuse_output(path, "x.pt")  # there is none yet
        path.touch()
        (tmp_path / path.name).symlink_to(path)
        for name in (path, tmp_path / path.name):
            with pytest.raises(
                I2IKitError, match=r"is a checkpoint of a run, which could not be resumed: name another"
            ):
                refuse_output(name, "x.pt")
    with pytest.raises(I2IKitError, match=r"pipe is a device or a pipe: name a file, such as x\.pt\."):
        refuse_output(tmp_path / "pipe", "x.pt")
    with pytest.raises(I2IKitError, match=r"is a folder: name a file, such as \S+run/x\.pt\."):
        refuse_output(folder.path, "x.pt")
    for path in (folder.checkpoints / "g.onnx", tmp_path / "new" / "x.pt"):
        refuse_output(path, "x.pt")


def test_the_folder_of_the_checkpoints_stands_for_the_run(tmp_path):
    folder = WorkDir(tmp_path)
    folder.checkpoints.mkdir()
    with pytest.raises(CheckpointError, match="there is no checkpoint in"):
        choose_checkpoint(folder.checkpoints)
    folder.checkpoint(20).touch()
    assert choose_checkpoint(folder.checkpoints) == choose_checkpoint(tmp_path) == folder.checkpoint(20)
