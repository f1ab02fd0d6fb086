import mmap
import sys

import pytest
from mmengine.hooks import Hook

from i2ikit.engine.hooks import step_times
from i2ikit.engine.hooks.step_times import StepTimes, process_memory
from i2ikit.engine.train import train


class Clock:
    """A second passes at each reading."""

    now = 0.0

    def perf_counter(self):
        self.now += 1
        return self.now


class Slow(Hook):
    """Takes a hundred seconds after every step, as a measurement would."""

    def __init__(self, clock):
        self.clock = clock

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.clock.now += 100


def test_every_step_is_timed_without_other_hooks(cut, tmp_path, monkeypatch):
    clock, times = Clock(), StepTimes()
    monkeypatch.setattr(step_times, "time", clock)
    config = {**cut, "train": {"steps": 4}, "data": {**cut["data"], "test": None}}
    train(config, work_dir=tmp_path, hooks=[Slow(clock), *times.hooks])
    assert times.seconds == {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux reports the memory of a process")
def test_memory_is_what_a_step_needs_above_what_was_there():
    times = StepTimes()
    cpu = step_times.torch.device("cpu")
    times.start(cpu)
    with mmap.mmap(-1, 60_000_000) as held:  # from the system: the allocator may have as much left over from before
        held.write(b"x" * len(held))
        times.end(1, cpu)
    assert times.memory[1] > 55_000_000
    assert process_memory("VmRSS") > 1_000_000


def test_a_system_without_memory_statistics_has_times_only(monkeypatch, tmp_path):
    monkeypatch.setattr(step_times, "STATUS", tmp_path / "none")
    monkeypatch.setattr(step_times, "RESET", tmp_path)
    times = StepTimes()
    times.start(step_times.torch.device("cpu"))
    times.end(3, step_times.torch.device("cpu"))
    assert (list(times.seconds), times.memory) == ([3], {})
