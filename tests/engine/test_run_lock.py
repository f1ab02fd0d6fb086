"""Two runs in one folder would write over each other's checkpoints."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from i2ikit.engine.run_lock import RunLock
from i2ikit.work_dir import WorkDirError

HOLDER = """
import os, sys, time
from pathlib import Path
from i2ikit.engine.run_lock import RunLock

lock = RunLock(Path(sys.argv[1]))
lock.take()
lock.sign()
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(600)
"""


def test_a_link_in_the_place_of_the_lock_is_not_written_through(tmp_path: Path):
    (tmp_path / "precious").write_text("content")
    (tmp_path / ".lock").symlink_to("precious")
    with RunLock(tmp_path) as lock:
        lock.take()
        lock.sign()
        assert (tmp_path / "precious").read_text() == "content"


def test_a_second_run_is_kept_out_with_who_is_there(tmp_path: Path):
    with RunLock(tmp_path) as first:
        first.take()
        first.take()
        with pytest.raises(WorkDirError, match=rf"another run is writing to {tmp_path}\."):
            RunLock(tmp_path).take()
        first.sign()
        with pytest.raises(
            WorkDirError, match=rf"another run is writing to .* \(process {os.getpid()} on .*--work-dir"
        ):
            RunLock(tmp_path).take()
    RunLock(tmp_path).take()


def test_folders_do_not_share_a_lock(tmp_path: Path):
    (tmp_path / "other").mkdir()
    with RunLock(tmp_path) as one, RunLock(tmp_path / "other") as other:
        one.take()
        other.take()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
@pytest.mark.slow  # a process that imports torch
def test_a_killed_run_leaves_no_lock_even_while_its_forked_worker_lives(tmp_path: Path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        worker = int(holder.stdout.readline())
        try:
            with pytest.raises(WorkDirError, match=f"process {holder.pid} "), RunLock(tmp_path) as second:
                second.take()
            holder.kill()
            holder.wait()
            RunLock(tmp_path).take()
        finally:
            os.kill(worker, signal.SIGKILL)


def test_a_lock_file_that_cannot_be_written_is_ignored(tmp_path: Path):
    (tmp_path / ".lock").mkdir()
    with RunLock(tmp_path) as one, RunLock(tmp_path) as other:
        one.take()
        other.take()
