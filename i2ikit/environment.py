"""The environment of a run: versions, plugins, threads, device."""

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from i2ikit.from_mmengine import installed
from i2ikit.plugin import get_manager
from i2ikit.plugin.info import CORE
from i2ikit.registry import HOOKS, REGISTRIES
from i2ikit.version import __version__

MEMORY = Path("/proc/meminfo")
MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
GIT_SECONDS = 10  # at most; a repository may be on a slow network drive
GIT_RUNS_NOTHING = ("-c", "core.fsmonitor=", "-c", f"core.hooksPath={os.devnull}")  # else a repository's own programs
GIT_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",  # writes nothing
    "GIT_NO_LAZY_FETCH": "1",  # fetches nothing from a remote, whose transport may be a program
    "GIT_ALLOW_PROTOCOL": "none",  # as before, for older versions
}


def versions() -> dict[str, str]:
    """Return the versions that affect the results of a run, and the commit of the git repository that it runs in."""
    found = {"i2ikit": __version__, "python": platform.python_version(), "torch": str(torch.__version__)}
    for package in ("torchvision", "mmengine", "numpy", "pillow"):
        try:
            found[package] = version(package) if package != "mmengine" else installed()
        except PackageNotFoundError:  # a build under another name
            found[package] = "unknown"
    git = git_state(Path.cwd())
    return {**found, "git": git} if git else found


@cache
def gains_from_bf16() -> bool:
    """Return whether a training on the best device of this machine is faster in bf16: a GPU or a CPU that has it."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_capability() >= (8, 0)
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@cache
def git_state(folder: Path) -> str:
    """Return the commit of the repository around a folder, followed by ``with changes`` if tracked files differ.

    Empty without git or without a repository. It is read once: a run records the state at its start. The config of a
    repository can name programs (file monitors, hooks, filters); none of them is started. Submodules are not compared.
    """
    try:
        commit = _git(folder, "rev-parse", "HEAD").strip()
        status = "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"
        return f"{commit} with changes" if _git(folder, *_without_filters(folder), *status) else commit
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def _without_filters(folder: Path) -> list[str]:
    """Return options of git that switch off every filter that the config of a repository defines, such as LFS."""
    keys = [key for key in _git(folder, "config", "--list", "--name-only", "--null").split("\0") if key]
    filters = {key.rpartition(".")[0] for key in keys if key.startswith("filter.")}
    values = ("clean=", "smudge=", "process=", "required=false")
    if any("=" in name for name in filters):
        raise ValueError("git has no option that switches off a filter with an equals sign in its name")
    return [option for name in sorted(filters) for value in values for option in ("-c", f"{name}.{value}")]


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *GIT_RUNS_NOTHING, *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
        timeout=GIT_SECONDS,
        env={**os.environ, **GIT_ENVIRONMENT},
    )
    return done.stdout


def plugins(config: object = None) -> dict[str, dict[str, str]]:
    """Return ``package`` and ``version`` of the plugins that are ready, by name.

    Args:
        config: if given, only the plugins whose parts this config names.
    """
    used = None if config is None else _owners(config)
    return {
        info.name: {"package": info.package, "version": info.version}
        for info in get_manager().plugins
        if info.name != CORE and info.state == "ready" and (used is None or info.name in used)
    }


def _owners(config: object) -> set[str]:
    """Return the names of the plugins that registered a ``type`` of a config."""
    if isinstance(config, list | tuple):
        return {name for item in config for name in _owners(item)}
    if not isinstance(config, Mapping):
        return set()
    found = {name for item in config.values() for name in _owners(item)}
    for registry in (*REGISTRIES.values(), HOOKS):
        part = registry.module_dict.get(str(config.get("type")))
        owner = get_manager().owner(part.__module__) if part is not None else None
        if owner is not None:
            found.add(owner.name)
    return found


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


def free_memory() -> int | None:
    """Return the bytes of memory that are free in this machine or its container; None if the system does not say."""
    try:
        lines = dict(line.split(":") for line in MEMORY.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return None
    try:
        return min(free, int(MEMORY_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return free
