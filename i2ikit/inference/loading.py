"""From the path of a checkpoint to a network, and to the readers of its images."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, TypedDict

import torch

from i2ikit.distributed.device import pick_device
from i2ikit.errors import nearest_hint
from i2ikit.images import Reader
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.translation.outputs import domains_of


class LoadOptions(TypedDict, total=False):
    """How :meth:`Translator.load` uses a checkpoint.

    Attributes:
        output: its name in the config, such as ``"ba"``. None: the first one.
        weights: ``"average"``, the default: the moving average of a generator where the config has one; ``"raw"``: its
            own.
        value_range: the values in the files that are black and white to the generator, instead of those that it was
            trained with; outputs have the same range, unless the checkpoint has another one for them.
        size, memory: see :class:`TranslationNetwork`.
        smooth: see :class:`Translator`.
    """

    output: str | None
    weights: str
    value_range: tuple[float, float] | None
    size: int | None
    memory: int | None
    smooth: float


class Loaded(NamedTuple):
    """What a checkpoint gives.

    Attributes:
        network: of an output, on its device.
        source, target: readers of the files of its two domains.
        training_size: pixels of the shorter side of the images of the training; None: unknown.
    """

    network: TranslationNetwork
    source: Reader
    target: Reader
    training_size: int | None


def open_trained(path: str | Path | TrainedModel) -> TrainedModel:
    """Return the checkpoint that a path names; of a work directory the best one, or else the newest.

    Raises:
        CheckpointError: it is missing or damaged.
        TypeError: it is no path.
    """
    if isinstance(path, TrainedModel):
        return path
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"Translator.load takes the path of a checkpoint or of a work directory, not {type(path).__name__}; a "
            "generator itself is what Translator takes"
        )
    return TrainedModel(path)


def refuse_unknown(given: Mapping[str, object], options: type, name: str, others: Collection[str] = ()) -> None:
    """Raise TypeError if keyword arguments are none of a TypedDict's; the message has the nearest known one.

    Args:
        given: the keyword arguments.
        options: the TypedDict.
        name: of the method.
        others: its other arguments.
    """
    known = sorted({*others, *options.__annotations__})
    for each in sorted(set(given) - {*known}):
        raise TypeError(f"{name} takes no argument {each!r}; it takes {', '.join(known)}.{nearest_hint(each, known)}")


def load_network(
    path: str | Path | TrainedModel, device: torch.device | str, precision: str, compile: bool, options: LoadOptions
) -> Loaded:
    """Rebuild an output from the config inside a checkpoint and load its weights; see :meth:`Translator.load`."""
    refuse_unknown(options, LoadOptions, "Translator.load", ("device", "precision", "compile"))
    trained = open_trained(path)
    name = trained.choose_output(options.get("output"))
    network = trained.build_output(name, options.get("weights", "average"))
    readers = trained.readers(getattr(network, "in_channels", 3))
    source, target = (readers[domain] for domain in domains_of(name))
    value_range = options.get("value_range")
    if value_range is not None:
        same = target.value_range == source.value_range
        source, target = source.with_range(value_range), target.with_range(value_range) if same else target
    prepared = TranslationNetwork(
        network,
        pick_device(str(device)),
        precision=precision,
        compile=compile,
        size=options.get("size"),
        memory=options.get("memory"),
    )
    prepared.expression = str(trained.outputs[name])
    return Loaded(prepared, source, target, trained.training_size)
