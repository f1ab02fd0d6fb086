"""From the config's ``data`` to data sets and training batches."""

from collections.abc import Mapping
from typing import Any

from i2ikit.build import Builder
from i2ikit.config.data import dataset_config
from i2ikit.data.bad_files import SAMPLED, BadFiles, bad_headers, files_of
from i2ikit.data.cache import ImageCache
from i2ikit.data.loading import MapDataset, TrainLoader
from i2ikit.errors import DataError
from i2ikit.files import user_cache
from i2ikit.registry import DATASETS


def build_dataset(
    config_data: Mapping[str, Any], split_key: str, builder: Builder, path: str = "data"
) -> MapDataset | None:
    """Build ``data.train`` or ``data.test``.

    Args:
        config_data: the config's ``data``.
        split_key: "train" or "test".
        builder: collects the errors.
        path: key path of ``config_data``, for messages.

    Returns:
        the data set, or None after noting an error. A config without ``data.test`` gives None without an error.

    Raises:
        DataError: images of the data set are missing.
    """
    if config_data.get(split_key) is None:
        if split_key == "train":
            builder.error(path, 'there is no data to train on: train=dict(type="UnpairedFolders", ...)')
        return None
    dataset: MapDataset | None = builder.part(DATASETS, dataset_config(config_data, split_key), f"{path}.{split_key}")
    return dataset


def build_train_loader(
    dataset: MapDataset, data: Mapping[str, Any], seed: int, *, rank: int = 0, world: int = 1, pin: bool = False
) -> TrainLoader:
    """Return the training batches of a data set, reproducible from (seed, epoch, batch).

    Args:
        dataset: ``data.train``, built.
        data: the config's ``data``, with its defaults.
        seed: any integer.
        rank, world: this process and how many there are.
        pin: batches go to a GPU.

    Raises:
        DataError: the data set is smaller than a batch, or the cache cannot be written.
    """
    if data["cache"]:
        keep_in(ImageCache(data.get("cache_dir") or user_cache("images")), dataset)
    return TrainLoader(
        dataset,
        batch_size=data["batch_size"],
        workers=data["workers"],
        seed=seed,
        rank=rank,
        world=world,
        bad_files=BadFiles(data["bad_fraction"], len(files_of(dataset)) or len(dataset)),
        prefetch=data["prefetch"],
        timeout=data["timeout"],
        pin=pin,
    )


def keep_in(cache: ImageCache, dataset: Any) -> None:
    """Let the domains of a data set keep their prepared images in a cache.

    Raises:
        DataError: the data set has no domains.
    """
    domains = getattr(dataset, "domains", {})
    if not domains:
        raise DataError(
            f"{type(dataset).__name__} reads no files that a cache could keep: switch it off, `--set data.cache=False`"
        )
    for images in domains.values():
        images.remember = cache


def check_sample(dataset: MapDataset, bad_files: BadFiles, seed: int) -> str:
    """Check the headers of some files of a data set before the run.

    Returns:
        a sentence about those that are bad, or an empty string.

    Raises:
        DataError: there are more than the run allows; the message lists them.
    """
    files = files_of(dataset)
    found = list(bad_headers(files, seed))
    if len(found) > bad_files.allowed:
        raise DataError(bad_files.format_messages(found))
    if not found:
        return ""
    return (
        f"{len(found)} of {min(SAMPLED, len(files))} files that were checked cannot be read; others will replace them: "
        f"{' '.join(found)} `i2ikit data check DIR` checks all files."
    )
