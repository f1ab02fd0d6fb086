"""The `data` section: sizes and reading options that its parts share, and the folder of `--data DIR`."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from i2ikit.build import class_of, is_part, parameters, registry_of_argument
from i2ikit.config.sections import DATASET_KEYS
from i2ikit.registry import DATASETS, Registry

DOMAINS = ("a", "b")
ANY_IMAGES: dict[str, Any] = {  # metrics that need no pairs, masks or weights
    "wasserstein": {"type": "SlicedWasserstein"},
    "content": {"type": "ContentPreservation"},
    "diversity": {"type": "Diversity"},
}
SHARED_SIZES = {"load_size": "load_size", "crop_size": "crop_size", "size": "crop_size"}  # argument: key of `data`
READING = ("channels", "value_range", "alpha", "clip")  # how files are read; shared by the data sets
SHARED = (*READING, "draft")
Folders = str | Path | Mapping[str, str | Path]  # a root; or dict(a=..., b=...), folders of any names, maybe in a root


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


def image_names(data: Any, key: str = "train") -> tuple[str, ...]:
    """Return the names of the real images that ``data.train`` or ``data.test`` announces, ``a`` and ``b`` by default.

    A data set announces others by ``image_names``: names, or a function that returns them for the arguments of the
    config. Where the data set has an error the names are the default ones.

    Args:
        data: the config's ``data``.
        key: "train" or "test".
    """
    try:
        return _announced(data, key)
    except (ValueError, TypeError):  # see announced_wrongly
        return DOMAINS


def announced_wrongly(data: Mapping[str, Any], key: str) -> str:
    """Return why a data set refuses the names of further images in its config, or an empty string."""
    try:
        _announced(data, key)
    except (ValueError, TypeError) as error:
        return str(error)
    return ""


def _announced(data: Any, key: str) -> tuple[str, ...]:
    config = dataset_config(data, key) if isinstance(data, Mapping) and is_part(data.get(key)) else {}
    found = getattr(class_of(DATASETS, config.get("type")), "image_names", DOMAINS)
    return tuple(found(config) if callable(found) else found)


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


def read_from(config: Mapping[str, Any], folders: Folders) -> dict[str, Any]:
    """Return a config that reads other folders, for `--data DIR` and for `--data-a DIR --data-b DIR`.

    Training and test read the same folders ``a`` and ``b``, since nothing tells which of their images are for tests.

    A data set that does not take them is replaced by UnpairedFolders with the same split and transform (the published
    transforms where it has none). The metrics, which were chosen for it, are then replaced by :data:`ANY_IMAGES`.
    """
    data = config.get("data")
    if not isinstance(data, Mapping):
        return dict(config)
    places = {key: str(path) for key, path in (folders if isinstance(folders, Mapping) else {"root": folders}).items()}
    moved = {key: _moved(data[key], key, {"root": ".", **places}) for key in DATASET_KEYS if is_part(data.get(key))}
    replaced = any(value["type"] != data[key]["type"] for key, value in moved.items())
    return {**config, "data": {**data, **moved}, **({"metrics": deepcopy(ANY_IMAGES)} if replaced else {})}


def _moved(config: Mapping[str, Any], key: str, places: Mapping[str, str]) -> dict[str, Any]:
    """Return the config of ``data.train`` or ``data.test`` with another root, and other folders in it."""
    taken = parameters(DATASETS, config["type"])
    if not taken or taken.keys() >= places.keys():
        return {**config, **places}
    return {
        "type": "UnpairedFolders",
        **({"extra": config["extra"]} if config.get("extra") else {}),
        **places,
        "split": config.get("split", key),
        "pairing": "serial" if key == "test" else "random",
        "transform": config.get("transform") or {"type": "Resize" if key == "test" else "ResizeCropFlip"},
    }
