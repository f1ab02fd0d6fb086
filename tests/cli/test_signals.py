"""A signal to all processes of a run at once, as Slurm, Docker and Kubernetes send it: the run is saved first."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.files import TEMPORARY
from i2ikit.work_dir import WorkDir

SMALL = {
    "model.generators.ab.filters": 4,
    "model.discriminators.b.filters": 4,
    "model.heads.f.dim": 8,
    "data.train.count": 40,
    "data.test.count": 8,
    "data.workers": 2,
    "train.steps": 4000,
    "checkpoint.every": 3,
    "log.every": 1,
    "samples.every": 10000,
}
TIMEOUT = 90  # seconds
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")]


def is_writing(folder: Path) -> bool:
    return any(folder.glob(f"checkpoints/.*{TEMPORARY}"))


@pytest.mark.parametrize(("moment", "number"), [("first batch", signal.SIGTERM), ("checkpoint", signal.SIGTERM)])
def test_a_signal_to_the_whole_group_saves_the_run_and_its_workers_do_not_die_first(tmp_path, python, moment, number):
    folder = tmp_path / "run"
    changes = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    command = ("-m", "i2ikit", "train", "enco/stripes", "--work-dir", folder, "--device", "cpu", *changes)
    output = tmp_path / "output.txt"
    run = python.start(*command, files=(Path(os.devnull), output, output))
    try:
        end = time.monotonic() + TIMEOUT
        while not ((folder / "log.jsonl").exists() if moment == "first batch" else is_writing(folder)):
            assert time.monotonic() < end
            assert run.poll() is None, output.read_text()
            time.sleep(0.001)
        os.killpg(run.pid, number)
        assert run.wait(TIMEOUT) == 130, output.read_text()
    finally:
        run.kill()
    last = max(json.loads(line).get("step", 0) for line in (folder / "log.jsonl").read_text().splitlines())
    assert read_checkpoint(WorkDir(folder).list_checkpoints()[-1]).progress["step"] == last >= 1
    assert f"stopped after step {last} of 4000" in output.read_text()
