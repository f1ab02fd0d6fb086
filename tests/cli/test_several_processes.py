"""`i2ikit train` in two real processes, as torchrun starts them; one of them may be killed."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.warm import WarmPython

SMALL = {
    "model.generators.ab.filters": 4,
    "model.discriminators.b.filters": 4,
    "model.heads.f.dim": 8,
    "data.train.count": 40,
    "data.test.count": 2,
    "data.workers": 0,
    "train.steps": 4000,
    "checkpoint.every": 5,
    "log.every": 1,
    "samples.every": 10000,
}
TIMEOUT = 300  # seconds, for a machine that does other work too
pytestmark = pytest.mark.slow


class Processes:
    """Two processes that train together; each one's output goes to a file."""

    def __init__(self, python: WarmPython, folder: Path, port: int, *options: str) -> None:
        own_data = "--data" in options
        small = {key: value for key, value in SMALL.items() if not (own_data and key.endswith(".count"))}
        changes = [part for key, value in small.items() for part in ("--set", f"{key}={value}")]
        command = ("-m", "i2ikit", "train", "enco/stripes", "--work-dir", folder / "run", "--device", "cpu")
        address = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        self.folder, self.log = folder, folder / "run" / "log.jsonl"
        self.outputs = [folder / f"{rank}.txt" for rank in range(2)]
        self.processes = []
        for rank, output in enumerate(self.outputs):
            own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"}
            output.unlink(missing_ok=True)
            files, environment = (Path(os.devnull), output, output), {**os.environ, **address, **own}
            self.processes.append(python.start(*command, *changes, *options, files=files, env=environment))

    def steps(self) -> int:
        """Return the last step in the log."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return max((json.loads(line).get("step", 0) for line in lines[1:]), default=0)

    def wait_for_step(self, step: int) -> None:
        end = time.monotonic() + TIMEOUT
        while self.steps() < step:
            assert time.monotonic() < end, self.output()
            assert all(process.poll() is None for process in self.processes), self.output()
            time.sleep(0.1)

    def end(self) -> list[int]:
        """Return the exit codes of both."""
        return [process.wait(TIMEOUT) for process in self.processes]

    def output(self) -> str:
        return "\n".join(output.read_text() for output in self.outputs)


@pytest.fixture
def start_processes(python, tmp_path, free_port):
    started = []

    def start(*options: str) -> Processes:
        started.append(Processes(python, tmp_path, free_port(), *options))
        return started[-1]

    yield start
    for one in started:
        for process in one.processes:
            process.kill()


def test_a_signal_to_one_process_stops_both_after_the_same_step_and_the_run_resumes(start_processes):
    first = start_processes()
    first.wait_for_step(3)
    first.processes[1].send_signal(signal.SIGTERM)  # not to the one that writes
    assert first.end() == [130, 130]
    printed = [output.read_text() for output in first.outputs]
    assert "another process was interrupted: stopped after step" in printed[0]
    assert "(process 1): SIGTERM: stopped after step" in printed[1]
    assert "steps/s" not in printed[1], "only the first process reports the run"
    saved = max(int(path.stem.removeprefix("step_")) for path in first.log.parent.glob("checkpoints/step_*.pt"))
    assert f"stopped after step {saved} of 4000" in printed[0]
    assert f"stopped after step {saved} of 4000" in printed[1]

    second = start_processes("--resume", "--pause-at", str(saved + 2))
    assert second.end() == [0, 0], second.output()
    assert second.steps() == saved + 2
    events = [json.loads(line) for line in second.log.read_text().splitlines()]
    assert [event["processes"] for event in events if "processes" in event] == [2, 2]


def test_a_process_that_is_killed_ends_the_other_with_a_message(start_processes):
    both = start_processes()
    both.wait_for_step(6)
    both.processes[1].kill()
    assert both.end() == [1, -signal.SIGKILL]
    assert "process 0 of 2 lost the others: one of them has ended" in both.outputs[0].read_text()
    assert (both.log.parent / "checkpoints" / "step_000005.pt").exists()


@pytest.mark.parametrize(
    ("bad", "other"),
    [("trainA/3.png", "another process could not read"), ("testA/0.png", "lost the others: one of them has ended")],
)
def test_a_file_that_one_process_cannot_read_ends_both_after_the_run_is_saved(start_processes, tmp_path, bad, other):
    folder = tmp_path / "data"
    for name in ("trainA", "trainB", "testA", "testB"):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            Image.new("RGB", (32, 32), (30 * number, 90, 10)).save(folder / name / f"{number}.png")
    sizes = ("--set", "data.load_size=32", "--set", "data.crop_size=32", "--set", "checkpoint.every=1000")
    both = start_processes("--data", str(folder), *sizes, "--set", "data.bad_fraction=0", "--set", "samples.every=7")
    both.wait_for_step(2)
    (folder / bad).write_bytes(b"\x89PNG cut off")
    assert sorted(both.end()) == [1, 2]
    printed = [output.read_text() for output in both.outputs]
    assert sorted(text.count(f"/data/{bad} is not an image in a known format") for text in printed) == [0, 1]
    assert sorted(text.count(other) for text in printed) == [0, 1]
    (saved,) = (both.log.parent / "checkpoints").glob("*.pt")
    assert f"The run is saved after step {int(saved.stem.removeprefix('step_'))}; resume it" in printed[0]
