"""Measures time and memory of each step of a run."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.engine.hooks.base import RunHook
from i2ikit.engine.runner import TranslationRunner
from i2ikit.from_mmengine import Hook

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # Linux's command to reset the peak


class StepTimes:
    """Measures every step: waiting for data and updating, without the time of other hooks.

    Attributes:
        seconds: by step, counted from 1.
        memory: peak bytes of each step: allocated on the GPU, or of the process on a CPU under Linux, above what it
            had when this was made. Empty on other systems.
        hooks: pass both to the run; one starts the measurement of a step, one ends it.
    """

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}
        self.memory: dict[int, int] = {}
        self.before = process_memory("VmRSS")
        self.started = 0.0
        self.hooks: list[Hook] = [_Start(self), _End(self)]

    def start(self, device: torch.device) -> None:
        """Start a step."""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            with suppress(OSError):
                RESET.write_text(RESET_PEAK)
        self.started = time.perf_counter()

    def end(self, step: int, device: torch.device) -> None:
        """End a step."""
        self.seconds[step] = time.perf_counter() - self.started
        peak = process_memory("VmHWM")
        if device.type == "cuda":
            self.memory[step] = torch.cuda.max_memory_allocated(device)
        elif peak is not None and self.before is not None:
            self.memory[step] = peak - self.before


def process_memory(name: str) -> int | None:
    """Return a line of Linux's ``/proc/self/status`` in bytes, such as ``VmRSS`` or ``VmHWM``; None elsewhere.

    The peak is read there and not by ``getrusage``, which a process inherits from its parent.
    """
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


class _Start(RunHook):
    """Starts a step after all other hooks."""

    priority = "LOWEST"

    def __init__(self, times: StepTimes) -> None:
        self.times = times

    def before_train_epoch(self, run: TranslationRunner) -> None:
        self.times.start(run.model.device)

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        self.times.start(run.model.device)


class _End(RunHook):
    """Ends a step before all other hooks."""

    priority = "HIGHEST"

    def __init__(self, times: StepTimes) -> None:
        self.times = times

    def after_step(self, run: TranslationRunner, losses: Mapping[str, Tensor]) -> None:
        for loss in losses.values():
            loss.item()  # waits for a GPU, whose update would otherwise count for the next step
            break
        self.times.end(run.progress.step, run.model.device)
