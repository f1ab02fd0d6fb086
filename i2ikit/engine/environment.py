"""What a run ran on: versions, plugins, threads, device."""

import platform
from importlib.metadata import PackageNotFoundError, version

import torch

from i2ikit import __version__
from i2ikit.plugin import get_manager


def versions() -> dict[str, str]:
    """Return the versions that decide what a run computes."""
    found = {"i2ikit": __version__, "python": platform.python_version(), "torch": str(torch.__version__)}
    for package in ("torchvision", "mmengine", "numpy", "pillow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # a fork under another name, such as onedl-mmengine
            found[package] = "unknown"
    return found


def plugins() -> dict[str, dict[str, str]]:
    """Return ``package`` and ``version`` of every working plugin, by its name; the built-in parts are none."""
    return {
        info.name: {"package": info.package, "version": info.version}
        for info in get_manager().plugins
        if info.name != "i2ikit" and not info.error
    }


def describe(device: torch.device) -> dict[str, object]:
    """Return the environment of a run on ``device`` as plain data, for the first line of its log."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "versions": versions(),
        "plugins": plugins(),
        "device": str(device),
        "device_name": name,
        "threads": torch.get_num_threads(),
        "platform": platform.platform(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }
