import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from i2ikit.benchmark import slices
from i2ikit.benchmark.plan import BenchmarkPlan, read_plan, write_plan
from i2ikit.benchmark.slices import find_lengths, slice_end, take_turns
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import RunError


class Machine:
    """Replaces the process of a slice: leaves a checkpoint and returns a record, or fails as ``on`` defines."""

    def __init__(self, seconds: float = 0.1) -> None:
        self.seconds = seconds
        self.jobs: list[dict[str, Any]] = []
        self.on: dict[int, Any] = {}

    def __call__(self, job: dict[str, Any]) -> dict[str, Any]:
        self.jobs.append(job)
        act = self.on.get(len(self.jobs))
        if isinstance(act, Exception):
            raise act
        if isinstance(act, str):
            return {"error": act}
        checkpoints = Path(job["work_dir"]) / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        done = max((int(path.stem[5:]) for path in checkpoints.iterdir()), default=0)
        step = job["pause_at"] or job["config"]["train"]["steps"]
        (checkpoints / f"step_{step:06d}.pt").touch()
        return {"done": {"first": done + 1, "step": step, "seconds": [self.seconds] * (step - done), "memory": []}}


SCRIPT = """
import os, time
from i2ikit.benchmark import slices

if __name__ == "__mp_main__":  # the process of a slice, which has not begun
    print(os.getpid(), flush=True)
    time.sleep(1)

slices.run_slice = lambda job: time.sleep(600)
if __name__ == "__main__":
    slices.run_in_process({})
"""


@pytest.mark.slow  # fresh processes
@pytest.mark.skipif(sys.platform == "win32", reason="there, ending a process kills it")
def test_a_slice_ends_when_the_benchmark_is_killed_before_it_begins(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    with subprocess.Popen([sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        try:
            parent.communicate(timeout=60)  # until the child, which has the other end, has ended
        except subprocess.TimeoutExpired:
            os.kill(child, signal.SIGKILL)
            raise


@pytest.fixture
def machine(monkeypatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(slices, "run_in_process", machine)
    return machine


def test_slices_end_evenly_and_the_last_one_ends_the_run():
    assert [slice_end(10, number, 3) for number in range(3)] == [3, 6, 10]
    assert [slice_end(2, number, 5) for number in range(5)] == [1, 1, 1, 1, 2]


def test_runs_take_turns_and_every_second_round_is_reversed(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    notes: list[str] = []
    assert take_turns(plan, tmp_path, notes.append) == {}
    forwards = ["one_seed0", "two_seed0", "one_seed1", "two_seed1"]
    first = [f"[{number}/8] {name}: steps 1 to 5 of 10" for number, name in enumerate(forwards, 1)]
    second = [f"[{number}/8] {name}: steps 6 to 10 of 10" for number, name in enumerate(forwards[::-1], 5)]
    assert notes == first + second
    assert [job["pause_at"] for job in machine.jobs] == [5] * 4 + [None] * 4


def test_every_run_has_the_same_length_intervals_and_its_own_seed(
    plan: BenchmarkPlan, tmp_path: Path, machine: Machine
):
    take_turns(plan, tmp_path, [].append)
    for job, seed in zip(machine.jobs, (0, 0, 1, 1), strict=False):
        config = job["config"]
        assert (config["train"], config["evaluation"]["every"], config["seed"]) == ({"steps": 10}, 5, seed)


def test_an_interrupted_benchmark_is_resumed_where_it_stopped(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    machine.on[4] = RunInterruptedError("stop")
    with pytest.raises(RunInterruptedError):
        take_turns(plan, tmp_path, [].append)
    notes: list[str] = []
    take_turns(plan, tmp_path, notes.append)
    assert notes[0] == "[4/8] two_seed1: steps 1 to 5 of 10"
    assert len(notes) == 5


def test_a_slice_that_was_killed_after_it_was_saved_is_resumed_from_there(
    plan: BenchmarkPlan, tmp_path: Path, machine: Machine
):
    checkpoints = tmp_path / "runs" / "one_seed0" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "step_000003.pt").touch()
    notes: list[str] = []
    take_turns(plan, tmp_path, notes.append)
    assert notes[0] == "[1/8] one_seed0: steps 4 to 5 of 10"


def test_a_finished_benchmark_trains_nothing(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    take_turns(plan, tmp_path, [].append)
    machine.jobs.clear()
    assert take_turns(plan, tmp_path, [].append) == {}
    assert machine.jobs == []


def test_a_run_that_fails_does_not_stop_the_others(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    machine.on[1] = "a loss is not finite"
    notes: list[str] = []
    assert take_turns(plan, tmp_path, notes.append) == {"one_seed0": "a loss is not finite"}
    assert notes[1] == "one_seed0 failed, the others continue: a loss is not finite"
    assert sum("] one_seed0" in note for note in notes) == 1
    assert sum("] two_seed0" in note for note in notes) == 2


def timed(plan: BenchmarkPlan, **changes: Any) -> BenchmarkPlan:
    entries = [{**vars(entry), "steps": 0} for entry in plan.entries]
    return BenchmarkPlan(**{**vars(plan), "entries": [type(plan.entries[0])(**entry) for entry in entries], **changes})


def test_minutes_become_steps_by_a_short_run_of_each_method(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    notes: list[str] = []
    found = find_lengths(timed(plan, minutes=0.5, steps=None), tmp_path, notes.append)
    assert [entry.steps for entry in found.entries] == [300, 300]  # 30 seconds of steps of 0.1 second
    assert notes == ["timing one", "timing two"]
    assert all(job["config"]["metrics"] == {} and job["config"]["data"]["test"] is None for job in machine.jobs)
    assert read_plan(tmp_path) == found
    assert find_lengths(found, tmp_path, notes.append) == found
    assert len(notes) == 2


def test_steps_beside_minutes_are_a_limit(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    write_plan(tmp_path, plan)
    found = find_lengths(timed(plan, minutes=0.5, steps=40), tmp_path, [].append)
    assert [entry.steps for entry in found.entries] == [40, 40]


def test_a_method_that_can_not_be_timed_is_named(plan: BenchmarkPlan, tmp_path: Path, machine: Machine):
    machine.on[1] = "no images"
    with pytest.raises(RunError, match="one cannot be timed: no images"):
        find_lengths(timed(plan, minutes=1.0), tmp_path, [].append)
