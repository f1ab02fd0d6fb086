"""Metrics of a trained generator, or of a folder of images, outside of a training."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from i2ikit.build import Builder
from i2ikit.config.data import dataset_config, read_from
from i2ikit.config.sections import with_defaults
from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.data import build_dataset
from i2ikit.errors import CheckpointError, ConfigError, DataError, nearest_hint
from i2ikit.evaluation.measure import Measurement, measure
from i2ikit.images import FileList, Reader, format_extensions, list_images
from i2ikit.inference.translator import Translator, choose_generator, generator_configs
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.registry import METRICS

USUAL: Mapping[str, str] = {  # what is measured where nobody says what
    "fid": "FID",
    "kid": "KID",
    "wasserstein": "SlicedWasserstein",
    "content": "ContentPreservation",
    "diversity": "Diversity",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "lpips": "LPIPS",
}


def evaluate_checkpoint(
    path: Path,
    data: Path | None = None,
    *,
    metrics: Sequence[str] = (),
    generator: str | None = None,
    device: torch.device | str = "cpu",
    pause: Callable[[], None] = lambda: None,
) -> Measurement:
    """Measure a generator of a checkpoint on the test set of its config, which is prepared as in the training.

    Args:
        path: a checkpoint of a training run.
        data: folder with testA and testB, instead of the config's data.
        metrics: names of metrics of the config, or of registered ones; none: the config's, or the usual ones where it
            has none or ``data`` takes their data set away.
        generator: its name; None: the first one's moving average, where the config has one, else the first one.
        device: where it runs.
        pause: called after each batch; what it raises ends the measurement.

    Raises:
        CheckpointError: the checkpoint is missing, damaged, or has no such generator.
        ConfigError: there is no such metric, or the config has no test data.
        DataError: images are missing.
    """
    checkpoint = read_checkpoint(path)
    config = with_defaults(checkpoint.config if data is None else read_from(checkpoint.config, data))
    name = choose_generator(path, list(generator_configs(path, checkpoint)), generator)
    if len(name) < 2:
        raise CheckpointError(f"the generator {name!r} of {path} does not say by two letters what it translates")
    builder = Builder()
    dataset = build_dataset(config["data"], "test", builder)
    own = checkpoint.config.get("metrics", {})
    configured = own if config["metrics"] == own else {}  # else they went with their data set
    parts = _build(chosen(own if metrics else configured, metrics), builder)
    builder.raise_errors(str(path))
    if dataset is None:
        raise ConfigError(str(path), ["its config has no data.test: name a folder with --data DIR"])
    averages = checkpoint.config["model"].get("averages") or {}
    found = measure(
        Translator.from_checkpoint(path, name, device),
        dataset,
        parts,
        source=name[0],
        target=name[1],
        device=torch.device(device),
        seed=config["seed"],
        about={
            "data": dataset_config(config["data"], "test"),
            "generator": str(averages[name]["of"]).partition(".")[2] if name in averages else name,
            "weights": "average" if name in averages else "raw",
            "step": checkpoint.progress.get("step", 0),
        },
        pause=pause,
    )
    return found if metrics or configured else _without_the_impossible(found, parts)


def evaluate_folders(
    outputs: Path,
    real: Path,
    *,
    metrics: Sequence[str] = (),
    channels: int = 3,
    device: torch.device | str = "cpu",
    pause: Callable[[], None] = lambda: None,
) -> Measurement:
    """Measure a folder of translated images against a folder of real ones; images of one name are pairs.

    Args:
        outputs: translated images, also in the folders below it.
        real: real ones of the domain that they should belong to, or the truth where their names match.
        metrics: names of registered metrics; none: the usual ones.
        channels: of the images, see :class:`Reader`.
        device: where metrics that have networks compute.
        pause: called after each batch; what it raises ends the measurement.

    Raises:
        ConfigError: there is no such metric.
        DataError: a folder is missing or has no images.
    """
    builder = Builder()
    parts = _build(chosen({}, metrics), builder)
    builder.raise_errors("--metrics")
    dataset = NamedPairs(outputs, real, Reader(channels))
    found = measure(
        None,
        dataset,
        parts,
        device=torch.device(device),
        about={"data": {"outputs": str(outputs), "real": str(real)}},
        pause=pause,
    )
    return found if metrics else _without_the_impossible(found, parts)


class NamedPairs:
    """Images of two folders: those of one name, extensions aside, come together, all others by themselves.

    Args:
        first, second: folders; images are "a" and "b".
        reader: of the images.

    Raises:
        DataError: a folder is missing or has no images.
    """

    def __init__(self, first: Path, second: Path, reader: Reader) -> None:
        self.reader = reader
        self.files = {"a": _images_in(first), "b": _images_in(second)}
        places: dict[str, dict[str, int]] = {}
        for domain, files in self.files.items():
            for place in range(len(files)):
                places.setdefault(_free_key(places, files.name(place), domain), {})[domain] = place
        self.items = list(places.values())

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return the images of one name as tensors (C, H, W) in -1..1, and their paths."""
        item: dict[str, Any] = {}
        for domain, place in self.items[index].items():
            path = self.files[domain][place]
            item |= {domain: image_to_tensor(self.reader(path)), f"{domain}_path": path}
        return item


def chosen(configured: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """Return configs of metrics by name.

    Args:
        configured: those of a config.
        wanted: names of these, or of registered metrics in any case of letters; none: all of these, or, if there are
            none, the usual ones.

    Raises:
        ConfigError: a name is neither.
    """
    if not wanted:
        return dict(configured) or {name: {"type": kind} for name, kind in USUAL.items()}
    registered = {name.lower(): name for name in METRICS.names()} | dict(USUAL)
    found, errors = {}, []
    for name in wanted:
        if name in configured:
            found[name] = configured[name]
        elif name.lower() in registered:
            found[name.lower()] = {"type": registered[name.lower()]}
        else:
            hint = nearest_hint(name, [*configured, *registered])
            errors.append(f"no metric is called {name!r}.{hint} See them with `i2ikit list metrics`.")
    if errors:
        raise ConfigError("--metrics", errors)
    return found


def _build(configs: Mapping[str, Any], builder: Builder) -> dict[str, Any]:
    return {name: builder.part(METRICS, config, f"metrics.{name}") for name, config in configs.items()}


def _without_the_impossible(found: Measurement, parts: Mapping[str, Any]) -> Measurement:
    """Say nothing of metrics that nobody asked for and that need what these images are without: pairs, or inputs."""
    for name, metric in parts.items():
        unpaired = getattr(metric, "paired", False) and not found.protocol["pairs"]
        alone = getattr(metric, "needs_inputs", False) and "generator" not in found.protocol
        if unpaired or alone:
            found.missing.pop(name, None)
    return found


def _images_in(folder: Path) -> FileList:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    files = list_images(folder)
    if not len(files):
        raise DataError(f"there are no images in {folder}; looked for {format_extensions()}")
    return files


def _free_key(places: Mapping[str, Mapping[str, int]], name: str, domain: str) -> str:
    """Return the name without its extension; with it, if the folder has an image of that name already."""
    key = os.path.splitext(name)[0]
    return name if domain in places.get(key, {}) else key
