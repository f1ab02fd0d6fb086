from pathlib import Path
from typing import Any

import pytest

from i2ikit.benchmark import turns
from i2ikit.benchmark.folder import Run
from i2ikit.benchmark.plan import Plan, read_plan, write_plan
from i2ikit.benchmark.turns import boundary, find_lengths, take_turns
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import RunError


class Notes:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.slices: list[tuple[str, int, int]] = []
        self.failures: dict[str, str] = {}
        self.trials: list[str] = []

    def trial(self, label: str) -> None:
        self.trials.append(label)

    def slice(self, run: Run, first: int, last: int, number: int, count: int) -> None:
        assert 1 <= number <= count
        self.slices.append((run.name, first, last))

    def failed(self, run: Run, reason: str) -> None:
        self.failures[run.name] = reason


class Machine:
    """Stands in for the process of a slice: leaves a checkpoint and answers, or does what ``on`` says."""

    def __init__(self, seconds: float = 0.1) -> None:
        self.seconds = seconds
        self.jobs: list[dict[str, Any]] = []
        self.on: dict[int, Any] = {}

    def __call__(self, job: dict[str, Any], path: Path) -> dict[str, Any]:
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


@pytest.fixture
def machine(monkeypatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(turns, "in_a_process", machine)
    return machine


def test_slices_end_evenly_and_the_last_one_ends_the_run():
    assert [boundary(10, number, 3) for number in range(3)] == [3, 6, 10]
    assert [boundary(2, number, 5) for number in range(5)] == [1, 1, 1, 1, 2]


def test_runs_take_turns_and_every_second_round_goes_backwards(plan: Plan, tmp_path: Path, machine: Machine):
    notes = Notes()
    assert take_turns(plan, tmp_path, notes) == {}
    forwards = ["one_seed0", "two_seed0", "one_seed1", "two_seed1"]
    assert [name for name, _, _ in notes.slices] == [*forwards, *reversed(forwards)]
    assert {(first, last) for _, first, last in notes.slices} == {(1, 5), (6, 10)}
    assert [job["pause_at"] for job in machine.jobs] == [5] * 4 + [None] * 4


def test_every_run_has_the_same_length_rhythm_and_its_own_seed(plan: Plan, tmp_path: Path, machine: Machine):
    take_turns(plan, tmp_path, Notes())
    for job, seed in zip(machine.jobs, (0, 0, 1, 1), strict=False):
        config = job["config"]
        assert (config["train"], config["evaluation"]["every"], config["seed"]) == ({"steps": 10}, 5, seed)


def test_an_interrupted_comparison_goes_on_where_it_stopped(plan: Plan, tmp_path: Path, machine: Machine):
    machine.on[4] = RunInterruptedError("stop")
    with pytest.raises(RunInterruptedError):
        take_turns(plan, tmp_path, Notes())
    notes = Notes()
    take_turns(plan, tmp_path, notes)
    assert notes.slices[0] == ("two_seed1", 1, 5)
    assert len(notes.slices) == 5


def test_a_slice_that_was_killed_after_it_was_saved_goes_on_from_there(plan: Plan, tmp_path: Path, machine: Machine):
    checkpoints = tmp_path / "runs" / "one_seed0" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "step_000003.pt").touch()
    notes = Notes()
    take_turns(plan, tmp_path, notes)
    assert notes.slices[0] == ("one_seed0", 4, 5)


def test_a_finished_comparison_trains_nothing(plan: Plan, tmp_path: Path, machine: Machine):
    take_turns(plan, tmp_path, Notes())
    machine.jobs.clear()
    assert take_turns(plan, tmp_path, Notes()) == {}
    assert machine.jobs == []


def test_a_run_that_fails_does_not_stop_the_others(plan: Plan, tmp_path: Path, machine: Machine):
    machine.on[1] = "a loss is not finite"
    notes = Notes()
    assert take_turns(plan, tmp_path, notes) == {"one_seed0": "a loss is not finite"} == notes.failures
    assert sum(name == "one_seed0" for name, _, _ in notes.slices) == 1
    assert sum(name == "two_seed0" for name, _, _ in notes.slices) == 2


def timed(plan: Plan, **changes: Any) -> Plan:
    entries = [{**vars(entry), "steps": 0} for entry in plan.entries]
    return Plan(**{**vars(plan), "entries": [type(plan.entries[0])(**entry) for entry in entries], **changes})


def test_minutes_become_steps_by_a_short_run_of_each_method(plan: Plan, tmp_path: Path, machine: Machine):
    notes = Notes()
    found = find_lengths(timed(plan, minutes=0.5, steps=None), tmp_path, notes)
    assert [entry.steps for entry in found.entries] == [300, 300]  # 30 seconds of steps of 0.1 second
    assert notes.trials == ["one", "two"]
    assert all(job["config"]["metrics"] == {} and job["config"]["data"]["test"] is None for job in machine.jobs)
    assert read_plan(tmp_path) == found
    assert find_lengths(found, tmp_path, notes) == found
    assert len(notes.trials) == 2


def test_steps_beside_minutes_are_a_limit(plan: Plan, tmp_path: Path, machine: Machine):
    write_plan(tmp_path, plan)
    found = find_lengths(timed(plan, minutes=0.5, steps=40), tmp_path, Notes())
    assert [entry.steps for entry in found.entries] == [40, 40]


def test_a_method_that_can_not_be_timed_is_named(plan: Plan, tmp_path: Path, machine: Machine):
    machine.on[1] = "no images"
    with pytest.raises(RunError, match="one cannot be timed: no images"):
        find_lengths(timed(plan, minutes=1.0), tmp_path, Notes())
