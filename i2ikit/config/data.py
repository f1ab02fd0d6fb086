"""What the `data` section means for the parts inside it: the common sizes, and the folder of `--data DIR`."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from i2ikit.build import is_part, registry_of_argument
from i2ikit.config.sections import DATASET_KEYS
from i2ikit.errors import UnknownComponentError
from i2ikit.registry import DATASETS, Registry

SHARED_SIZES = ("load_size", "crop_size")


def parameters(registry: Registry, name: Any) -> tuple[str, ...]:
    """Return the names of the arguments that a registered part takes; none if nobody registered it."""
    try:
        return tuple(inspect.signature(registry.get(name)).parameters) if isinstance(name, str) else ()
    except UnknownComponentError:  # the builder reports it
        return ()


def dataset_config(data: Mapping[str, Any], key: str) -> Any:
    """Return the config of ``data.train`` or ``data.test`` in which whatever takes load_size or crop_size has it.

    A part that sets its own keeps it.
    """
    return _with_sizes(data[key], DATASETS, {size: data[size] for size in SHARED_SIZES if data.get(size) is not None})


def _with_sizes(config: Any, registry: Registry | None, sizes: Mapping[str, Any]) -> Any:
    if registry is not None and isinstance(config, list):
        return [_with_sizes(item, registry, sizes) for item in config]
    if registry is None or not is_part(config):
        return config
    taken = {size: value for size, value in sizes.items() if size in parameters(registry, config["type"])}
    inner = {key: _with_sizes(value, registry_of_argument(key), sizes) for key, value in config.items()}
    return {**taken, **inner}


def with_root(data: Mapping[str, Any], root: str | Path) -> dict[str, Any]:
    """Return ``data`` reading the folder ``root``, as `--data DIR` asks.

    A data set that takes no ``root`` is replaced by UnpairedFolders with the same split and transform (the published
    transforms where it has none).
    """
    changed = dict(data)
    for key, transform in zip(DATASET_KEYS, ("ResizeCropFlip", "ResizeTo"), strict=True):
        config: Any = data.get(key)
        if not is_part(config):
            continue
        taken = parameters(DATASETS, config["type"])
        if "root" in taken or not taken:
            changed[key] = {**config, "root": str(root)}
            continue
        changed[key] = {
            "type": "UnpairedFolders",
            "root": str(root),
            "split": config.get("split", key),
            "serial": key == "test",
            "transform": config.get("transform") or {"type": transform},
        }
    return changed
