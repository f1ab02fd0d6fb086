"""Probes: each does on a small scale what a run does, and checks the result."""

import importlib
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from i2ikit.environment import free_memory
from i2ikit.errors import DataError
from i2ikit.opencv import opencv

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"
GB = 2**30
WAIT = 60  # seconds for the first batch of a worker
SHARED = 64 * 2**20  # bytes that the probe takes: some batches of 256-pixel images
LITTLE_DISK, TOO_LITTLE_DISK = 5 * GB, GB // 2  # a checkpoint of CycleGAN takes 0.35 GB, and three are kept
LITTLE_MEMORY = 4 * GB
QUOTA = Path("/sys/fs/cgroup/cpu.max")
SHARED_FOLDER = Path("/dev/shm")
FEW_FILES = 1024
BUSY = 1.5  # load average of a core, from which threads wait for each other


@dataclass(frozen=True)
class ProbeResult:
    """The result of one probe.

    Attributes:
        state: ``ok``; ``note``: a known problem is present and i2ikit works around it; ``warning``: some runs will be
            slow or may fail; ``problem``: runs will fail.
        found: what was measured.
        advice: the next step; empty where none is needed.
    """

    state: str
    found: str
    advice: str = ""


def probe_half_precision() -> ProbeResult:
    """Compute in bf16 on the CPU, and check whether the processor supports it natively."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = F.conv2d(torch.ones(1, 4, 8, 8), torch.ones(4, 4, 3, 3))
    if made.dtype is not torch.bfloat16 or made[0, 0, 0, 0].item() != 36:
        return ProbeResult(PROBLEM, "autocast does not compute in bf16", "Train with train.precision=fp32.")
    if torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return ProbeResult(OK, "native in this processor")
    return ProbeResult(NOTE, "works, but this processor emulates it: it saves memory and no time", "fp32 is as fast.")


def probe_torchvision() -> ProbeResult:
    """Import torchvision, whose compiled part must match the build of torch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            module: Any = importlib.import_module("torchvision")
            module.ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.ones(1), 0.5)
        except (ImportError, RuntimeError, NotImplementedError) as error:
            return ProbeResult(
                WARNING,
                f"does not fit torch {torch.__version__}: {str(error).splitlines()[0]}",
                "Install matching versions of both: https://pytorch.org/get-started/locally",
            )
    messages = [str(each.message).splitlines()[0] for each in caught if "torchvision" in str(each.message)]
    return ProbeResult(WARNING, messages[0]) if messages else ProbeResult(OK, f"{module.__version__} fits torch")


def probe_opencv() -> ProbeResult:
    """Import OpenCV, whose usual package needs libraries of a desktop."""
    try:
        return ProbeResult(OK, opencv("16-bit color in PNG files").__version__)
    except DataError as error:
        return ProbeResult(WARNING, str(error), "Runs need it only for 16-bit color PNG and for --smooth of videos.")


def probe_loader() -> ProbeResult:
    """Load two batches through one worker process."""
    items = [torch.full((3, 256, 256), float(index)) for index in range(4)]
    try:
        batches: list[Tensor] = list(DataLoader(items, batch_size=2, num_workers=1, timeout=WAIT))  # type: ignore[arg-type]
    except (RuntimeError, OSError) as error:
        return ProbeResult(
            PROBLEM,
            f"a worker could not return a batch: {str(error).splitlines()[0]}",
            "Train with --set data.workers=0, or give the container more shared memory (docker run --shm-size=8g).",
        )
    if len(batches) == 2 and float(batches[1][1].mean()) == 3:
        return ProbeResult(OK, "a worker process returns batches")
    return ProbeResult(PROBLEM, "a worker returned other images than it read", "Train with --set data.workers=0.")


def cores() -> float:
    """Return how many cores this process may use: its CPU affinity, or the quota of its container if that is less."""
    bound = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = QUOTA.read_text().split()[:2]
        return bound if quota == "max" else min(bound, int(quota) / int(period))
    except (OSError, ValueError):
        return bound


def probe_threads() -> ProbeResult:
    """Compare torch's threads with the available cores."""
    threads, available = torch.get_num_threads(), cores()
    if threads > max(1.0, available):
        return ProbeResult(
            WARNING,
            f"torch uses {threads} threads, but this process may use only {available:g} cores",
            f"Set OMP_NUM_THREADS={max(1, int(available))} before training.",
        )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    installed = os.cpu_count() or 1
    if load > BUSY * installed:
        slow = "Steps with several threads become many times slower under this load; OMP_NUM_THREADS=1 helps."
        return ProbeResult(
            WARNING,
            f"{load:.0f} processes compete for {installed} cores at the moment",
            slow if threads > 1 else "Steps take longer under this load, and their times say little.",
        )
    return ProbeResult(OK, f"{threads} of torch for {available:g} cores")


def probe_memory() -> ProbeResult:
    """Read how much memory is free."""
    free = free_memory()
    if free is None:
        return ProbeResult(NOTE, "this system does not report how much memory is free")
    found = f"{free / GB:.1f} GB free"
    if free < LITTLE_MEMORY:
        return ProbeResult(WARNING, found, "`i2ikit check CONFIG` estimates what a training needs.")
    return ProbeResult(OK, found)


def probe_shared_memory() -> ProbeResult:
    """Allocate some of the memory through which data-loading workers return batches."""
    if not SHARED_FOLDER.is_dir() or not hasattr(os, "posix_fallocate"):
        return ProbeResult(OK, "this system has no limited folder of shared memory")
    try:
        with tempfile.TemporaryFile(dir=SHARED_FOLDER) as file:
            os.posix_fallocate(file.fileno(), 0, SHARED)
    except OSError as error:
        return ProbeResult(
            PROBLEM,
            f"{SHARED_FOLDER} does not hold {SHARED // 2**20} MB ({error.strerror}): data-loading workers will crash",
            "Give the container more (docker run --shm-size=8g, or --ipc=host), or train with --set data.workers=0.",
        )
    return ProbeResult(OK, f"{shutil.disk_usage(SHARED_FOLDER).free / GB:.1f} GB free in {SHARED_FOLDER}")


def probe_open_files() -> ProbeResult:
    """Read how many files a process may open: each batch of a worker needs some."""
    try:
        import resource
    except ImportError:  # Windows
        return ProbeResult(OK, "this system has no limit to raise")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < FEW_FILES:
        return ProbeResult(WARNING, f"a process may open {soft}", "Raise the limit: ulimit -n 4096.")
    return ProbeResult(OK, f"a process may open {soft}")


def probe_disk(folder: Path) -> ProbeResult:
    """Write a file where runs would be written, and read how much space is left."""
    existing = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.is_dir())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"i2ikit")
    except OSError as error:
        return ProbeResult(PROBLEM, f"{existing} cannot be written: {error.strerror}", "Choose another --work-dir.")
    free = shutil.disk_usage(existing).free
    found = f"{free / GB:.1f} GB free in {existing}"
    if free < TOO_LITTLE_DISK:
        return ProbeResult(PROBLEM, found, "One checkpoint of CycleGAN takes 0.35 GB, and three are kept.")
    if free < LITTLE_DISK:
        return ProbeResult(WARNING, found, "Keep fewer checkpoints: --set checkpoint.keep=1.")
    return ProbeResult(OK, found)
