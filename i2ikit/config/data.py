"""The `data` section: sizes and reading options that its parts share, and the folder of `--data DIR`."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from i2ikit.build import is_part, parameters, registry_of_argument
from i2ikit.config.sections import DATASET_KEYS
from i2ikit.registry import DATASETS, Registry

ANY_IMAGES: dict[str, Any] = {  # metrics that need no pairs, masks or weights
    "wasserstein": {"type": "SlicedWasserstein"},
    "content": {"type": "ContentPreservation"},
    "diversity": {"type": "Diversity"},
}
SHARED_SIZES = {"load_size": "load_size", "crop_size": "crop_size", "size": "crop_size"}  # argument: key of `data`
READING = ("channels", "value_range", "alpha", "clip")  # how files are read; shared by the data sets
SHARED = (*READING, "draft")


def dataset_config(data: Mapping[str, Any], key: str) -> Any:
    """Return the config of ``data.train`` or ``data.test`` with the common sizes in every part that takes them.

    The data set also gets the reading options of the section. A part that sets its own values keeps them.
    """
    sizes = {size: data[shared] for size, shared in SHARED_SIZES.items() if data.get(shared) is not None}
    config = _with_sizes(data[key], DATASETS, sizes)
    if not is_part(config):
        return config
    taken = parameters(DATASETS, config["type"])
    return {**{name: data[name] for name in SHARED if data.get(name) is not None and name in taken}, **config}


def reading(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a config reads the files of ``data.train``: the arguments of ``domain_readers``."""
    data = config.get("data")
    data = data if isinstance(data, Mapping) else {}
    train = data.get("train")
    options = {**data, **(train if isinstance(train, Mapping) else {})}
    return {name: options[name] for name in READING if options.get(name) is not None}


def _with_sizes(config: Any, registry: Registry | None, sizes: Mapping[str, Any]) -> Any:
    if registry is not None and isinstance(config, list):
        return [_with_sizes(item, registry, sizes) for item in config]
    if registry is None or not is_part(config):
        return config
    taken = {size: value for size, value in sizes.items() if size in parameters(registry, config["type"])}
    inner = {key: _with_sizes(value, registry_of_argument(key), sizes) for key, value in config.items()}
    return {**taken, **inner}


def read_from(config: Mapping[str, Any], root: str | Path) -> dict[str, Any]:
    """Return a config that reads the folder ``root``, for `--data DIR`.

    A data set that takes no ``root`` is replaced by UnpairedFolders with the same split and transform (the published
    transforms where it has none). The metrics, which were chosen for it, are then replaced by :data:`ANY_IMAGES`.
    """
    data = config.get("data")
    if not isinstance(data, Mapping):
        return dict(config)
    moved = {key: _moved(data[key], key, root) for key in DATASET_KEYS if is_part(data.get(key))}
    replaced = any(value["type"] != data[key]["type"] for key, value in moved.items())
    return {**config, "data": {**data, **moved}, **({"metrics": deepcopy(ANY_IMAGES)} if replaced else {})}


def _moved(config: Mapping[str, Any], key: str, root: str | Path) -> dict[str, Any]:
    """Return the config of ``data.train`` or ``data.test`` with another root."""
    taken = parameters(DATASETS, config["type"])
    if "root" in taken or not taken:
        return {**config, "root": str(root)}
    return {
        "type": "UnpairedFolders",
        "root": str(root),
        "split": config.get("split", key),
        "pairing": "serial" if key == "test" else "random",
        "transform": config.get("transform") or {"type": "Resize" if key == "test" else "ResizeCropFlip"},
    }
