"""What each step of a run took: seconds, and memory."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # Linux's word for it


class StepTimes:
    """Takes time and memory of every step: waiting for data and updating, without what other hooks do in between.

    Attributes:
        seconds: by step, counted from 1.
        memory: most bytes during a step, by step: allocated on the GPU, or of the whole process on a CPU under Linux,
            above what it had when this was made. Empty on other systems.
        hooks: what a run has to be given, one that begins to count and one that ends.
    """

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}
        self.memory: dict[int, int] = {}
        self.before = process_memory("VmRSS")
        self.begun = 0.0
        self.hooks: list[Hook] = [_Begin(self), _End(self)]

    def begin(self, device: torch.device) -> None:
        """Begin a step."""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            with suppress(OSError):
                RESET.write_text(RESET_PEAK)
        self.begun = time.perf_counter()

    def end(self, step: int, device: torch.device) -> None:
        """End a step."""
        self.seconds[step] = time.perf_counter() - self.begun
        peak = process_memory("VmHWM")
        if device.type == "cuda":
            self.memory[step] = torch.cuda.max_memory_allocated(device)
        elif peak is not None and self.before is not None:
            self.memory[step] = peak - self.before


def process_memory(name: str) -> int | None:
    """Return a line of Linux's ``/proc/self/status`` in bytes, such as ``VmRSS`` or ``VmHWM``; None elsewhere.

    The peak is read from there and not from ``getrusage``, which a process inherits from the one that starts it.
    """
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


class _Begin(Hook):
    """Begins to count when all other hooks are done."""

    priority = "LOWEST"

    def __init__(self, times: StepTimes) -> None:
        self.times = times

    def before_train_epoch(self, runner: Runner) -> None:
        self.times.begin(runner.model.device)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.times.begin(runner.model.device)


class _End(Hook):
    """Ends before any other hook begins."""

    priority = "HIGHEST"

    def __init__(self, times: StepTimes) -> None:
        self.times = times

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Tensor] | None = None,
    ) -> None:
        for loss in (outputs or {}).values():
            loss.item()  # waits for a GPU, whose update would be counted to the next step otherwise
            break
        self.times.end(runner.train_loop.progress.step, runner.model.device)
