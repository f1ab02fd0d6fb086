"""All of it, as plain data."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from i2ikit.doctor.finding import PROBLEM, Finding
from i2ikit.doctor.libraries import (
    probe_batch_1_gradients,
    probe_half_precision,
    probe_loader,
    probe_mmengine_paths,
    probe_mmengine_resume,
    probe_repeatability,
    probe_torchvision,
)
from i2ikit.doctor.system import (
    cores,
    probe_disk,
    probe_memory,
    probe_open_files,
    probe_shared_memory,
    probe_threads,
)
from i2ikit.environment import versions
from i2ikit.plugin import get_manager


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        versions: by package.
        devices: what i2ikit can compute on, with names and memory.
        threads: of torch, and the cores that this process may use.
        determinism: which switches of torch are on.
        plugins: name, package, version and state of each.
        findings: of the probes.
    """

    versions: dict[str, str]
    devices: list[str]
    threads: dict[str, float]
    determinism: dict[str, object]
    plugins: list[dict[str, str]]
    findings: list[Finding]

    @property
    def sound(self) -> bool:
        """Whether nothing was found that lets runs fail."""
        return all(finding.state != PROBLEM for finding in self.findings)


def examine(folder: Path) -> Examination:
    """Look at this machine; takes a few seconds, and writes small files that it removes.

    Args:
        folder: where runs would be written.
    """
    probes: list[Callable[[], Finding]] = [
        probe_batch_1_gradients,
        probe_repeatability,
        probe_half_precision,
        probe_mmengine_resume,
        probe_mmengine_paths,
        probe_torchvision,
        probe_loader,
        probe_threads,
        probe_memory,
        probe_shared_memory,
        probe_open_files,
        lambda: probe_disk(folder),
    ]
    findings = [_guarded(probe) for probe in probes]
    manager = get_manager()
    manager.load_components()
    return Examination(
        versions=versions(),
        devices=_devices(),
        threads={
            "torch": torch.get_num_threads(),
            "between operations": torch.get_num_interop_threads(),
            "cores": cores(),
        },
        determinism={
            "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
            "cudnn.deterministic": torch.backends.cudnn.deterministic,
            "cudnn.benchmark": torch.backends.cudnn.benchmark,
            "float32 matmul precision": torch.get_float32_matmul_precision(),
        },
        plugins=[
            {"name": info.name, "package": info.package, "version": info.version, "state": info.state}
            for info in manager.plugins
        ],
        findings=findings,
    )


def _guarded(probe: Callable[[], Finding]) -> Finding:
    """Return what a probe finds; one that fails has found something too."""
    try:
        return probe()
    except Exception as error:
        name = getattr(probe, "__name__", "probe").removeprefix("probe_").replace("_", " ")
        return Finding(name, PROBLEM, f"the probe failed: {type(error).__name__}: {error}")


def _devices() -> list[str]:
    found = [f"cpu: {torch.backends.cpu.get_cpu_capability()}, {cores():g} cores for this process"]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(index)
            found.append(
                f"cuda:{index}: {about.name}, {about.total_memory / 2**30:.0f} GB, sm_{about.major}{about.minor}"
            )
    if torch.backends.mps.is_available():
        found.append("mps")
    return found
