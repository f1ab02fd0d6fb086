"""Metrics of a trained generator, or of a folder of images, without a training run."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.build import Builder, is_part
from i2ikit.config.data import Folders, dataset_config, read_from
from i2ikit.config.sections import with_defaults
from i2ikit.engine.data import build_dataset
from i2ikit.errors import ConfigError, nearest_hint
from i2ikit.evaluation.measure import EvaluationData, Measurement, join, measure
from i2ikit.images import Reader
from i2ikit.inference.folders import images_in
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.part_hints import part_hints
from i2ikit.inference.trained_model import PUBLISHED_SIZE, TrainedModel
from i2ikit.inference.translator import Translator
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.registry import METRICS
from i2ikit.translation import FixedSamples
from i2ikit.translation.outputs import domains_of

COLOR = 3  # channels
DEFAULT_METRICS: Mapping[str, str] = {  # measured where neither the config nor the caller names metrics
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
    path: str | Path,
    data: Folders | None = None,
    *,
    metrics: Sequence[str] = (),
    output: str | None = None,
    weights: str | None = None,
    device: torch.device | str = "cpu",
) -> Measurement:
    """Measure the outputs of a checkpoint on the test set of its config, prepared as during training.

    Args:
        path: a checkpoint, or a work directory: its best checkpoint, or the newest where the run kept no best.
        data: folder with testA and testB, instead of the config's data. Where the config sets no test images, as that
            of an imported checkpoint, they are resized as the published code does.
        metrics: names of metrics in the config, or of registered ones. Empty: the config's, or the default ones where
            it has none or ``data`` replaces their data set.
        output: its name; None: all, see :func:`join`.
        weights: ``"average"``: the moving average of a generator where there is one; ``"raw"``: its own. None: as the
            config measures.
        device: device to run on.

    Raises:
        CheckpointError: the checkpoint is missing, damaged, or has no such output.
        ConfigError: there is no such metric, or the config has no test data.
        DataError: images are missing.
    """
    trained = TrainedModel(path)
    own = trained.checkpoint.config
    config = with_defaults(own if data is None else _reading(trained, data))
    names = list(trained.outputs) if output is None else [trained.choose_output(output)]
    weights = weights or config["evaluation"]["weights"]
    if not is_part(config.get("data", {}).get("test")):
        raise ConfigError(str(trained.path), ["its config names no test images: name a folder with --data DIR"])
    configured = own.get("metrics", {})
    defaults = configured if config["metrics"] == configured else {}  # --data may replace the data set and its metrics
    builder = Builder()
    dataset = build_dataset(config["data"], "test", builder)
    parts = _build(choose_metrics(configured if metrics else defaults, metrics), builder)
    if builder.errors:
        *errors, last = (f"{error.path}: {error.message}" for error in builder.errors)
        raise ConfigError(str(trained.path), [*errors, f"{last}{part_hints(trained.path, trained.checkpoint)}"])
    assert dataset is not None, "checked above"
    about = {"data": dataset_config(config["data"], "test"), "step": trained.checkpoint.progress.get("step", 0)}
    found = {}
    for name in names:
        source, *others = trained.reads(name)
        items = EvaluationData(dataset, source, domains_of(name)[1], tuple(others), config["seed"])
        network = Translator.load(trained, device, output=name, weights=weights).network
        own_about = {**about, "output": name, "weights": trained.weights_in(name, weights)}
        each = measure(partial(_translate, network), items, parts, device=network.device, about=own_about)
        found[name] = each if metrics or defaults else _without_inapplicable(each, parts)
    return join(found)


def _translate(network: TranslationNetwork, images: Mapping[str, Tensor], place: int) -> Tensor:
    image, *_ = images.values()
    return network.given(FixedSamples(places=place), images)(image)


def _reading(trained: TrainedModel, folders: Folders) -> dict[str, Any]:
    """Return the config of a checkpoint with the images of folders as its test set."""
    config = trained.checkpoint.config
    data = config.get("data", {})
    if is_part(data.get("test")):
        return read_from(config, folders)
    first = next(iter(trained.outputs))
    source, target = domains_of(first)
    generators, names = config["model"]["generators"], [*trained.generators_of(first, "raw")]  # outermost first
    channels = generators[names[-1]].get("in_channels", COLOR), generators[names[0]].get("out_channels", COLOR)
    published = {
        "crop_size": trained.training_size or PUBLISHED_SIZE,
        "channels": {source: channels[0], target: channels[1]},
        **data,
        "test": {"type": "UnpairedFolders", "split": "test", "pairing": "serial", "transform": {"type": "Resize"}},
    }
    return read_from({**config, "data": published}, folders)


def evaluate_folders(
    outputs: Path,
    real: Path,
    *,
    metrics: Sequence[str] = (),
    channels: int = 3,
    device: torch.device | str = "cpu",
) -> Measurement:
    """Measure a folder of translated images against a folder of real ones; images of the same name are pairs.

    Args:
        outputs: folder of translated images, subfolders included.
        real: folder of real images of the target domain; an image of the same name is the ground truth of an output.
        metrics: names of registered metrics; empty: the default ones.
        channels: of the images, see :class:`Reader`.
        device: device of metrics that have networks.

    Raises:
        ConfigError: there is no such metric.
        DataError: a folder is missing or has no images.
    """
    builder = Builder()
    parts = _build(choose_metrics({}, metrics), builder)
    builder.raise_errors("--metrics")
    data = EvaluationData(NamedPairs(outputs, real, Reader(channels)))
    about = {"data": {"outputs": str(outputs), "real": str(real)}}
    found = measure(None, data, parts, device=torch.device(device), about=about)
    return found if metrics else _without_inapplicable(found, parts)


class NamedPairs:
    """Images of two folders. Images of the same name, without its extension, form one item; each other one is an item.

    Args:
        first, second: folders of the images "a" and "b".
        reader: reads the images.

    Raises:
        DataError: a folder is missing or has no images.
    """

    def __init__(self, first: Path, second: Path, reader: Reader) -> None:
        self.reader = reader
        items: dict[str, dict[str, str]] = {}
        for domain, folder in (("a", first), ("b", second)):
            for path in images_in(folder):
                name = os.path.splitext(os.path.relpath(path, folder))[0]
                key = path if domain in items.get(name, {}) else name  # the folder has two images of that name
                items.setdefault(key, {})[domain] = path
        self.items = list(items.values())

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return the images of an item as tensors (C, H, W) in -1..1, and their paths."""
        item: dict[str, Any] = {}
        for domain, path in self.items[index].items():
            item |= {domain: image_to_tensor(self.reader(path)), f"{domain}_path": path}
        return item


def choose_metrics(configured: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """Return configs of metrics by name.

    Args:
        configured: configs of metrics by name.
        wanted: names in ``configured``, or of registered metrics in any case. Empty: all of ``configured``, or the
            default metrics where it is empty.

    Raises:
        ConfigError: a name is neither.
        TypeError: ``wanted`` is text, not a list of names.
    """
    if isinstance(wanted, str):
        raise TypeError(f"metrics is a list of names: [{wanted!r}]")
    if not wanted:
        return dict(configured) or {name: {"type": kind} for name, kind in DEFAULT_METRICS.items()}
    registered = {name.lower(): name for name in METRICS.names()} | dict(DEFAULT_METRICS)
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
        raise ConfigError("metrics", errors)
    return found


def _build(configs: Mapping[str, Any], builder: Builder) -> dict[str, Any]:
    return {name: builder.part(METRICS, config, f"metrics.{name}") for name, config in configs.items()}


def _without_inapplicable(found: Measurement, parts: Mapping[str, Any]) -> Measurement:
    """Drop the reasons of default metrics that do not apply to these images: they need pairs, or inputs."""
    for name, metric in parts.items():
        unpaired = metric.needs_pairs and not found.protocol["pairs"]
        alone = metric.needs_inputs and "output" not in found.protocol
        if unpaired or alone:
            found.missing.pop(name, None)
    return found
