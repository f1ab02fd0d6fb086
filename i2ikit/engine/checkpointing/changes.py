"""What has changed since a checkpoint was written: config, length, data, versions, machine; key by key."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from i2ikit.config.defaults import argument_defaults
from i2ikit.config.imports import IMPORTS, import_hashes
from i2ikit.config.sections import with_defaults
from i2ikit.data.loading import MapDataset
from i2ikit.distributed import processes
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.environment import plugins, versions

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "(not set)"})()
WIDTH = 60  # characters of a value in a message
Keys = tuple[str, ...]

NETWORKS = tuple(f"model.{key}" for key in ("type", "generators", "discriminators", "heads", "extractors", "averages"))
NO_EFFECT = (  # on the weights
    "train.steps", "train.epochs", "log", "samples", "checkpoint", "metrics", "evaluation", "alarms", "plugins",
    "trackers", "vis_backends", "data.workers", "data.cache", "data.test", "files.test", "length", "versions",
    "machine",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One value that has changed; ``old`` or ``new`` is ABSENT where the key was not set."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.key}: {_short(self.old)} -> {_short(self.new)}"

    @property
    def of_networks(self) -> bool:
        """Whether it changes the networks, so that a run cannot be resumed with it."""
        return _below(self.key, NETWORKS)

    @property
    def of_weights(self) -> bool:
        """Whether it changes what the next steps compute, and not only how the run is logged, measured or ended."""
        return not _below(self.key, NO_EFFECT)


def run_facts(
    datasets: Mapping[str, MapDataset | None], device: torch.device, config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a checkpoint stores of data, own files and machine for :func:`changes_since`: plain data."""
    machine = {"device": device.type, "threads": torch.get_num_threads(), "processes": processes.count()}
    own = {f"{IMPORTS}.{name}": digest for name, digest in import_hashes(config).items()}
    return {"files": {**fingerprint(datasets), **own}, "machine": machine}


def changes_since(
    checkpoint: Checkpoint, config: Mapping[str, Any], facts: Mapping[str, Any], steps: int
) -> list[Change]:
    """Return what has changed since a checkpoint: config, length of the run, data, versions, device.

    Args:
        checkpoint: to resume from.
        config: current, resolved.
        facts: current ones, from :func:`run_facts`.
        steps: of the complete run.
    """
    before = checkpoint.extra
    return [
        *config_changes(checkpoint.config, config),
        *value_changes({"steps": checkpoint.progress["steps"]}, {"steps": steps}, "length."),
        *value_changes(before["files"], facts["files"], "files."),
        *value_changes(checkpoint.versions, versions(), "versions."),
        *value_changes(_plugin_versions(checkpoint.plugins), _plugin_versions(plugins(config)), "versions."),
        *value_changes(before["machine"], facts["machine"], "machine."),
    ]


def config_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the differences of two resolved configs; writing out the default of an argument is no difference.

    Nor is the place of a file of ``imports``, whose content is compared as :func:`run_facts` has it.
    """
    before, now = (json.loads(json.dumps({**with_defaults(config), IMPORTS: []})) for config in (old, new))
    return list(_compare(before, now, ()))


def value_changes(old: Mapping[str, Any], new: Mapping[str, Any], section: str = "") -> list[Change]:
    """Return the differences of two flat dicts; ``section`` is put before the keys."""
    keys = dict.fromkeys([*old, *new])
    found = [Change(f"{section}{key}", old.get(key, ABSENT), new.get(key, ABSENT)) for key in keys]
    return [change for change in found if change.old != change.new]


def _compare(old: Any, new: Any, keys: Keys) -> list[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        names = dict.fromkeys([*old, *new])
        sides = [(name, _value(old, name, keys), _value(new, name, keys)) for name in names]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and any(map(_is_dict, old)):
        sides = [(str(index), *pair) for index, pair in enumerate(zip(old, new, strict=True))]
    else:
        return [] if old == new else [Change(".".join(keys), old, new)]
    return [change for name, before, now in sides for change in _compare(before, now, (*keys, name))]


def _value(config: Mapping[str, Any], name: str, keys: Keys) -> Any:
    """Return the value of ``name`` in a dict, or the default of that argument of the part that the dict describes."""
    if name in config:
        return config[name]
    found = argument_defaults(config, keys).get(name)
    default = ABSENT if found is None else found.default
    return list(default) if isinstance(default, tuple) else default


def _plugin_versions(found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {about.get("package", name): about.get("version", "") for name, about in found.items()}


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def _below(key: str, prefixes: tuple[str, ...]) -> bool:
    return any(key == prefix or key.startswith(f"{prefix}.") for prefix in prefixes)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def fingerprint(datasets: Mapping[str, MapDataset | None]) -> dict[str, int | str]:
    """Return how many items each data set has and, of those with files, their count, names and sizes.

    Args:
        datasets: by name; None: there is none. The attribute ``paths``, if a data set has it, holds the files by
            domain.

    Returns:
        ``train.items``, ``train.a.files`` (how many), ``train.a.names`` (a hash of the names in their order, without
        their common folder) and ``train.a.bytes`` (of all files), and so on.
    """
    found: dict[str, int | str] = {}
    for name, dataset in datasets.items():
        if dataset is None:
            continue
        found[f"{name}.items"] = len(dataset)
        paths = getattr(dataset, "paths", None)
        for domain, files in (paths if isinstance(paths, Mapping) else {}).items():
            for key, value in _file_facts([files] if isinstance(files, str | Path) else files).items():
                found[f"{name}.{domain}.{key}"] = value
    return found


def _file_facts(files: Sequence[str | Path]) -> dict[str, int | str]:
    """Process the files one by one: there may be a million of them."""
    folders = {folder: os.path.abspath(folder) for folder in {os.path.dirname(path) for path in files}}
    root = os.path.commonpath(folders.values()) if folders else ""
    below = {folder: os.path.relpath(full, root) for folder, full in folders.items()}
    names, size = hashlib.blake2b(digest_size=6), 0
    for path in files:
        folder, name = os.path.split(path)
        names.update(f"{below[folder]}/{name}\n".encode("utf-8", "surrogateescape"))
        size += _size(path)
    return {"files": len(files), "names": names.hexdigest(), "bytes": size}


def _size(path: str | Path) -> int:
    """Return the size of a file; 0 for a broken link, which is reported when it is read."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
