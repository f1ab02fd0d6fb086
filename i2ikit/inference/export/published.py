"""What of a checkpoint goes to others: the generators, and the config without networks and folders of the training."""

from collections.abc import Sequence
from typing import Any

from i2ikit.config.imports import IMPORTS
from i2ikit.config.published import without_folders
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.inference.trained_model import TrainedModel


def chosen_generators(trained: TrainedModel, generator: str | None, weights: str) -> list[str]:
    """Return the short names of the weights of one generator, or of all that were trained.

    Args:
        trained: the model.
        generator: its name; None: all.
        weights: ``"average"`` or ``"raw"``, see :meth:`TrainedModel.choose_generator`.

    Raises:
        CheckpointError: there is no generator of that name.
    """
    names = trained.generators if generator is None else [generator]
    return [trained.choose_generator(name, weights) for name in names]


def published(trained: TrainedModel, names: Sequence[str]) -> Checkpoint:
    """Return a checkpoint that holds generators alone; the weights of a moving average are those of its generator.

    Args:
        trained: the model.
        names: of generators or of their moving averages, as :func:`chosen_generators` returns them.
    """
    source = trained.checkpoint
    model: dict[str, Any] = {}
    generators: dict[str, Any] = {}
    for name in names:
        own = trained.trained_name(f"generators.{name}")
        short = own.partition(".")[2]
        generators[short] = source.config["model"]["generators"][short]
        model |= {f"{own}.{key}": value for key, value in source.weights(f"generators.{name}").items()}
    kept = {key: without_folders(source.config[key]) for key in ("data", IMPORTS) if key in source.config}
    kind = {key: value for key, value in source.config["model"].items() if key == "type"}
    config = {"model": {**kind, "generators": generators}, **kept}
    return Checkpoint(config, model, progress=source.progress, versions=source.versions, plugins=source.plugins)
