"""From the config's ``data`` to data sets and training batches."""

from collections.abc import Mapping
from typing import Any

from i2ikit.build import Builder
from i2ikit.config.data import dataset_config
from i2ikit.engine.loading import MapDataset, TrainLoader
from i2ikit.registry import DATASETS


def build_dataset(
    config_data: Mapping[str, Any], split_key: str, builder: Builder, path: str = "data"
) -> MapDataset | None:
    """Build ``data.train`` or ``data.test``.

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
    if config_data.get(split_key) is None:
        if split_key == "train":
            builder.mistake(path, 'there is no data to train on: train=dict(type="UnpairedFolders", ...)')
        return None
    dataset: MapDataset | None = builder.part(DATASETS, dataset_config(config_data, split_key), f"{path}.{split_key}")
    return dataset


def build_train_loader(
    dataset: MapDataset, batch_size: int, workers: int, seed: int, *, rank: int = 0, world: int = 1
) -> TrainLoader:
    """Return the training batches of a data set, reproducible from (seed, epoch, batch); see :class:`TrainLoader`."""
    return TrainLoader(dataset, batch_size=batch_size, workers=workers, seed=seed, rank=rank, world=world)
