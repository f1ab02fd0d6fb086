import errno
import os
import re
from collections import namedtuple

import pytest
import torch
import torch.nn.functional as F

from i2ikit import environment
from i2ikit.doctor import diagnosis, probes
from i2ikit.doctor.diagnosis import diagnose
from i2ikit.doctor.probes import NOTE, OK, PROBLEM, WARNING, ProbeResult

Usage = namedtuple("Usage", "total used free")


@pytest.mark.slow
def test_this_machine_can_train(tmp_path):
    found = diagnose(tmp_path / "runs")
    assert found.healthy, found.results
    assert len(found.results) == 9
    assert found.environment["versions"]["torch"] == torch.__version__
    assert found.environment["plugins"]["i2ikit"].endswith("ready")
    assert "cpu" in found.environment["devices"]
    assert list(tmp_path.iterdir()) == []


def test_bf16_that_computes_nonsense_is_a_problem(monkeypatch):
    assert probes.probe_half_precision().state in (OK, NOTE)
    monkeypatch.setattr(F, "conv2d", lambda x, w: torch.zeros(1, 4, 6, 6, dtype=torch.bfloat16))
    assert probes.probe_half_precision().state == PROBLEM


def test_a_worker_that_dies_is_a_problem(monkeypatch):
    def dead(*arguments, **options):
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error.")

    monkeypatch.setattr(probes, "DataLoader", dead)
    found = probes.probe_loader()
    assert (found.state, "Bus error" in found.found, "data.workers=0" in found.advice) == (PROBLEM, True, True)


def test_more_threads_than_cores_are_a_warning(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(probes, "cores", lambda: 2.0)
    found = probes.probe_threads()
    assert (found.state, found.advice) == (WARNING, "Set OMP_NUM_THREADS=2 before training.")


@pytest.mark.parametrize(
    ("load", "threads", "state", "advice"),
    [
        (2.9, 2, OK, ""),
        (5.0, 2, WARNING, "Steps with several threads become many times slower.*OMP_NUM_THREADS=1 helps"),
        (5.0, 1, WARNING, "^Steps take longer under this load"),
    ],
)
def test_a_busy_machine_is_a_warning(load, threads, state, advice, monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(probes, "cores", lambda: 2.0)
    found = probes.probe_threads()
    assert found.state == state
    assert re.search(advice, found.advice)


@pytest.mark.parametrize(("quota", "available"), [("150000 100000", 1.5), ("max 100000", 64.0), ("nonsense", 64.0)])
def test_the_quota_of_a_container_counts(quota, available, monkeypatch, tmp_path):
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(probes, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    assert probes.cores() == available


@pytest.mark.parametrize(("limit", "free"), [("max", 6), (str(2**30), 1), (None, 6)])
def test_free_memory_is_that_of_the_machine_or_of_its_container(limit, free, monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:       9999999 kB\nMemAvailable:   6291456 kB\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
    monkeypatch.setattr(environment, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(environment, "MEMORY_LIMIT", tmp_path / "memory.max")
    found = probes.probe_memory()
    assert found.found == f"{free}.0 GB free"
    assert found.state == (OK if free > 4 else WARNING)


def test_too_little_shared_memory_is_a_problem(monkeypatch, tmp_path):
    def full(handle, offset, length):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(probes, "SHARED_FOLDER", tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    found = probes.probe_shared_memory()
    assert found.state == PROBLEM
    assert "does not hold 64 MB (No space left on device)" in found.found
    assert "--shm-size" in found.advice


@pytest.mark.parametrize(("free", "state"), [(2**40, OK), (2**31, WARNING), (2**20, PROBLEM)])
def test_little_space_on_the_disk_is_reported(free, state, monkeypatch, tmp_path):
    monkeypatch.setattr(probes.shutil, "disk_usage", lambda folder: Usage(0, 0, free))
    assert probes.probe_disk(tmp_path / "not" / "yet").state == state


def test_a_folder_that_cannot_be_written_is_a_problem(monkeypatch, tmp_path):
    def refuse(dir):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(probes.tempfile, "TemporaryFile", refuse)
    found = probes.probe_disk(tmp_path)
    assert (found.state, found.found) == (PROBLEM, f"{tmp_path} cannot be written: Permission denied")


def test_a_probe_that_raises_is_a_problem():
    def probe_something_odd() -> ProbeResult:
        raise ZeroDivisionError("by zero")

    found = diagnosis._run(probe_something_odd)
    assert found == ProbeResult(PROBLEM, "the probe failed: ZeroDivisionError: by zero")
