"""Probes of the machine: cores, memory, disk."""

import os
import shutil
import tempfile
from pathlib import Path

import torch

from i2ikit.doctor.finding import NOTE, OK, PROBLEM, WARNING, Finding

GB = 2**30
SHARED = 64 * 2**20  # bytes that the probe takes: some batches of 256-pixel images
LITTLE_DISK, TOO_LITTLE_DISK = 5 * GB, GB // 2  # a checkpoint of CycleGAN takes 0.35 GB, and three are kept
LITTLE_MEMORY = 4 * GB
QUOTA = Path("/sys/fs/cgroup/cpu.max")
MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
MEMORY = Path("/proc/meminfo")
SHARED_FOLDER = Path("/dev/shm")
FEW_FILES = 1024


def cores() -> float:
    """Return how many cores this process may use: those it is bound to, or a container's quota if that is less."""
    bound = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = QUOTA.read_text().split()[:2]
        return bound if quota == "max" else min(bound, int(quota) / int(period))
    except (OSError, ValueError):
        return bound


def probe_threads() -> Finding:
    """Compare torch's threads with the cores there are."""
    name, threads, available = "threads", torch.get_num_threads(), cores()
    if threads > max(1.0, available):
        return Finding(
            name,
            WARNING,
            f"torch uses {threads} threads, and this process may use {available:g} cores: they get in each other's way",
            f"Set OMP_NUM_THREADS={max(1, int(available))} before training.",
        )
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    everybody = os.cpu_count() or 1
    if busy > 2 * everybody:
        return Finding(
            name,
            WARNING,
            f"{busy:.0f} processes want to run on {everybody} cores just now",
            "Timings on this machine mean little while others compute.",
        )
    return Finding(name, OK, f"{threads} of torch for {available:g} cores")


def probe_memory() -> Finding:
    """Read how much memory is free."""
    name = "memory"
    free = _free_memory()
    if free is None:
        return Finding(name, NOTE, "this system does not tell how much memory is free")
    found = f"{free / GB:.1f} GB free"
    if free < LITTLE_MEMORY:
        return Finding(name, WARNING, found, "`i2ikit check CONFIG` estimates what a training needs.")
    return Finding(name, OK, found)


def _free_memory() -> int | None:
    try:
        lines = dict(line.split(":") for line in MEMORY.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return None
    try:
        return min(free, int(MEMORY_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return free


def probe_shared_memory() -> Finding:
    """Take some of the memory through which worker processes hand over batches."""
    name = "shared memory"
    if not SHARED_FOLDER.is_dir() or not hasattr(os, "posix_fallocate"):
        return Finding(name, OK, "this system has no folder of shared memory that could be too small")
    try:
        with tempfile.TemporaryFile(dir=SHARED_FOLDER) as file:
            os.posix_fallocate(file.fileno(), 0, SHARED)
    except OSError as error:
        return Finding(
            name,
            PROBLEM,
            f"{SHARED_FOLDER} does not hold {SHARED // 2**20} MB ({error.strerror}): reading processes will die",
            "Give the container more (docker run --shm-size=8g, or --ipc=host), or train with --set data.workers=0.",
        )
    return Finding(name, OK, f"{shutil.disk_usage(SHARED_FOLDER).free / GB:.1f} GB free in {SHARED_FOLDER}")


def probe_open_files() -> Finding:
    """Read how many files a process may hold open: each batch of a worker takes some."""
    name = "open files"
    try:
        import resource
    except ImportError:  # Windows
        return Finding(name, OK, "this system has no limit to raise")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < FEW_FILES:
        return Finding(name, WARNING, f"a process may open {soft}", "Raise it: ulimit -n 4096.")
    return Finding(name, OK, f"a process may open {soft}")


def probe_disk(folder: Path) -> Finding:
    """Write where runs would be written, and look how much room is left."""
    name = "disk"
    place = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.is_dir())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"i2ikit")
    except OSError as error:
        return Finding(name, PROBLEM, f"{place} cannot be written: {error.strerror}", "Choose another --work-dir.")
    free = shutil.disk_usage(place).free
    found = f"{free / GB:.1f} GB free in {place}"
    if free < TOO_LITTLE_DISK:
        return Finding(name, PROBLEM, found, "One checkpoint of CycleGAN takes 0.35 GB, and three are kept.")
    if free < LITTLE_DISK:
        return Finding(name, WARNING, found, "Keep fewer checkpoints: --set checkpoint.keep=1.")
    return Finding(name, OK, found)
