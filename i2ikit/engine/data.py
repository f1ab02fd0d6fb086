"""From the config's ``data`` to data sets and training batches."""

import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from i2ikit.build import Builder
from i2ikit.config.batch import batch_shapes, size_in_config
from i2ikit.config.data import dataset_config
from i2ikit.config.progressive import size_error
from i2ikit.data.bad_files import SAMPLED, BadFiles, bad_headers, files_of
from i2ikit.data.cache import ImageCache
from i2ikit.data.loading import MapDataset, TrainLoader
from i2ikit.datasets.domains import DomainImages
from i2ikit.errors import ConfigError, DataError, I2IKitError, counted
from i2ikit.files import user_cache
from i2ikit.images.files import decode, left_out_frames
from i2ikit.images.planes import own_range
from i2ikit.images.values import UsedValues, joined_values, proposed_setting, used_values
from i2ikit.registry import DATASETS
from i2ikit.translation import UnpairedTranslation

DECODED = 8  # images of each domain whose values are looked at before a run
SMALL = (256, 256)  # pixels that suffice for that


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
        for each in (images, *images.companions.values()):
            each.remember = cache


def open_test_files(dataset: MapDataset | None, fraction: float) -> list[str]:
    """Read all files of a test set once, and leave out those that cannot be read.

    Args:
        dataset: ``data.test``, built; without files there is nothing to do.
        fraction: of the files that may be bad, as for :class:`BadFiles`.

    Returns:
        a message about each file that was left out.

    Raises:
        DataError: there are more than allowed, or none is left; the message lists them.
    """
    if dataset is None or not hasattr(dataset, "leave_out_unreadable"):
        return []
    bad_files = BadFiles(fraction, len(files_of(dataset)))
    bad_files.add(dataset.leave_out_unreadable())
    if not all(map(len, getattr(dataset, "domains", {}).values())):
        raise DataError(f"no test image is left: {bad_files.format_messages(bad_files.messages)}")
    return bad_files.messages


def check_first_batch(config: Mapping[str, Any], model: UnpairedTranslation, dataset: MapDataset) -> None:
    """Check that the networks can take the images, where their size depends on the files.

    Raises:
        ConfigError: they cannot; the message names the term and the size.
    """
    if size_in_config(config) is not None:
        return  # the check of the config has tried it
    try:
        shapes = batch_shapes(config, model, dataset)
    except I2IKitError:  # the first image cannot be read; that has its own rule
        return
    problem = size_error(config, shapes)
    if problem is not None:
        raise ConfigError("the config", [f"{problem.path}: {problem.message}"])


def notes_on_training_set(dataset: MapDataset, bad_files: BadFiles, seed: int) -> list[str]:
    """Return what some of the training files show: bad ones, a narrow range of values, several frames.

    Raises:
        DataError: there are more bad ones than the run allows; the message lists them.
    """
    bad = check_sample(dataset, bad_files, seed)
    return [*([bad] if bad else []), *sampled_values(dataset, seed)]


def notes_on_test_set(train: MapDataset, test: MapDataset | None) -> list[str]:
    """Return what is unusual about the test set of a run, and its effect."""
    if test is None:
        return ["The config has no data.test: no samples are written and nothing is measured."]
    trained, tested = (next(iter(getattr(each, "paths", {}).get("a", ())), None) for each in (train, test))
    notes = []
    if trained is not None and trained == tested:
        notes.append("The test images are training images, so metrics say little about new images.")
    if "b" not in getattr(test, "domains", {"b": None}):
        notes.append(
            "There are no test images of domain b (its folder, such as testB, is missing or empty): metrics that need "
            "real ones are not measured."
        )
    return notes


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
        f"{len(found)} of {counted(min(SAMPLED, len(files)), 'file')} checked cannot be read; others replace them: "
        f"{' '.join(found)} `i2ikit data check DIR` checks all files."
    )


def sampled_values(dataset: MapDataset, seed: int) -> list[str]:
    """Read some images of each domain before the run.

    Returns:
        a sentence about domains that use less than half of their range of values, and one about images with several
        frames, if there are such.
    """
    domains: Mapping[str, DomainImages] = getattr(dataset, "domains", {})
    ranges: dict[str, UsedValues] = {}
    frames: dict[str, int] = {}
    for name, images in domains.items():
        indices = random.Random(seed).sample(range(len(images)), min(DECODED, len(images)))
        found = []
        for path in (images.files[index] for index in indices):
            with suppress(DataError):  # bad files have their own rule
                frames[path] = 1 + left_out_frames(path, images.reader.channels)
                found.append(used_values(decode(path, images.reader.channels, draft=SMALL)))
        used = joined_values(found)
        if len(used) == 1:
            ranges[name] = used[0]
    limits = {name: domains[name].reader.value_range or own_range(used.dtype) for name, used in ranges.items()}
    setting, several = proposed_setting(ranges, limits), [path for path, count in frames.items() if count > 1]
    notes = []
    if setting:
        shown = "; ".join(f"{name} {used.describe()}" for name, used in ranges.items())
        notes.append(
            f"Warning: less than half of the range of values is used ({shown}): the networks see dark, flat images. "
            f'Try `--set "data.value_range={setting}"`; `i2ikit data check DIR` reads all files.'
        )
    if several:
        notes.append(
            f"several frames in {len(several)} of {counted(len(frames), 'file')} read, such as {several[0]} with "
            f"{frames[several[0]]}: only the first frame of each is used."
        )
    return notes
