"""From the config's ``data`` to data sets and training batches."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from i2ikit.build import Builder, is_part, registry_of_argument
from i2ikit.engine.loading import MapDataset, TrainLoader
from i2ikit.errors import UnknownComponentError
from i2ikit.registry import DATASETS, Registry

SHARED_SIZES = ("load_size", "crop_size")


def build_dataset(
    config_data: Mapping[str, Any], split_key: str, builder: Builder, path: str = "data"
) -> MapDataset | None:
    """Build ``data.train`` or ``data.test``.

    Whatever is built in it and takes ``load_size`` or ``crop_size`` gets the value of ``data`` unless it sets its own.

    Args:
        config_data: the config's ``data``.
        split_key: "train" or "test".
        builder: collects the mistakes.
        path: key path of ``config_data``, for messages.
    Returns:
        the data set, or None after noting a mistake. A config without ``data.test`` gives None and is no mistake.

    Raises:
        DataError: the data set finds its pictures missing.
    """
    config = config_data.get(split_key)
    if config is None:
        if split_key == "train":
            builder.mistake(path, "there is no 'train': a data set to train on, dict(type=\"UnpairedFolders\", ...)")
        return None
    sizes = {name: config_data[name] for name in SHARED_SIZES if config_data.get(name) is not None}
    dataset: MapDataset | None = builder.part(DATASETS, with_defaults(config, DATASETS, sizes), f"{path}.{split_key}")
    return dataset


def with_defaults(config: Any, registry: Registry, defaults: Mapping[str, Any]) -> Any:
    """Return a copy of a part's config in which it and the parts inside it have ``defaults`` that they take."""
    if not is_part(config):
        return config
    filled = {name: _nested_defaults(name, value, defaults) for name, value in config.items()}
    taken = _parameters(registry, config["type"])
    return {**{name: value for name, value in defaults.items() if name in taken}, **filled}


def _nested_defaults(name: str, value: Any, defaults: Mapping[str, Any]) -> Any:
    registry = registry_of_argument(name)
    if registry is None:
        return value
    if isinstance(value, list):
        return [with_defaults(item, registry, defaults) for item in value]
    return with_defaults(value, registry, defaults)


def override_root(config_data: Mapping[str, Any], root: str | Path) -> dict[str, Any]:
    """Return a copy of the config's ``data`` that reads the folder ``root``, as ``--data DIR`` asks.

    A data set that is not read from a folder is replaced by UnpairedFolders with the same split and transform (the
    published transforms where it has none).
    """
    changed = dict(config_data)
    for split_key, transform in (("train", "ResizeCropFlip"), ("test", "ResizeTo")):
        config: Any = config_data.get(split_key)
        if not is_part(config):
            continue
        if "root" in _parameters(DATASETS, config["type"]) or config["type"] not in DATASETS.names():
            changed[split_key] = {**config, "root": str(root)}
            continue
        changed[split_key] = {
            "type": "UnpairedFolders",
            "root": str(root),
            "split": config.get("split", split_key),
            "serial": split_key == "test",
            "transform": config.get("transform") or {"type": transform},
        }
    return changed


def build_train_loader(dataset: MapDataset, batch_size: int, workers: int, seed: int) -> TrainLoader:
    """Return the training batches of a data set, reproducible from (seed, epoch, batch); see :class:`TrainLoader`."""
    return TrainLoader(dataset, batch_size=batch_size, workers=workers, seed=seed)


def _parameters(registry: Registry, name: Any) -> set[str]:
    """Return the names of the arguments that a part takes; none if nobody registered it."""
    try:
        return set(inspect.signature(registry.get(name)).parameters)
    except (UnknownComponentError, TypeError):  # TypeError: a type that is no string; the builder reports both
        return set()
