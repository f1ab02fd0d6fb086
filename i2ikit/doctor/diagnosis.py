"""The diagnosis of a machine, as plain data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from i2ikit.doctor import probes
from i2ikit.doctor.probes import PROBLEM, ProbeResult, cores
from i2ikit.environment import versions
from i2ikit.plugin import get_manager

PROBES: Mapping[str, Callable[[], ProbeResult]] = {
    "bf16 on the CPU": probes.probe_half_precision,
    "torchvision": probes.probe_torchvision,
    "OpenCV": probes.probe_opencv,
    "data-loading workers": probes.probe_loader,
    "threads": probes.probe_threads,
    "memory": probes.probe_memory,
    "shared memory": probes.probe_shared_memory,
    "open files": probes.probe_open_files,
}


@dataclass(frozen=True)
class Diagnosis:
    """The environment of a machine and the results of all probes.

    Attributes:
        environment: values by name, in the groups versions, devices, threads, determinism and plugins.
        results: by the name of the probe.
    """

    environment: dict[str, dict[str, object]]
    results: dict[str, ProbeResult]

    @property
    def healthy(self) -> bool:
        """Whether no probe found a problem."""
        return all(result.state != PROBLEM for result in self.results.values())


def diagnose(folder: Path) -> Diagnosis:
    """Check this machine; takes a few seconds, and writes small files that it removes.

    Args:
        folder: where runs would be written.
    """
    manager = get_manager()
    manager.load_components()
    environment: dict[str, dict[str, object]] = {
        "versions": {**versions()},
        "devices": {**_devices()},
        "threads": {
            "torch": torch.get_num_threads(),
            "between operations": torch.get_num_interop_threads(),
            "cores": cores(),
        },
        "determinism": {
            "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
            "cudnn.deterministic": torch.backends.cudnn.deterministic,
            "cudnn.benchmark": torch.backends.cudnn.benchmark,
            "float32 matmul precision": torch.get_float32_matmul_precision(),
        },
        "plugins": {info.name: f"{info.version} {info.state}" for info in manager.plugins},
    }
    checks = {**PROBES, "disk": lambda: probes.probe_disk(folder)}
    return Diagnosis(environment, {name: _run(probe) for name, probe in checks.items()})


def _run(probe: Callable[[], ProbeResult]) -> ProbeResult:
    """Run a probe; one that raises is a problem."""
    try:
        return probe()
    except Exception as error:
        return ProbeResult(PROBLEM, f"the probe failed: {type(error).__name__}: {error}")


def _devices() -> dict[str, str]:
    found = {"cpu": torch.backends.cpu.get_cpu_capability()}
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{about.name} {about.total_memory / 2**30:.0f} GB sm_{about.major}{about.minor}"
    if torch.backends.mps.is_available():
        found["mps"] = "available"
    return found
