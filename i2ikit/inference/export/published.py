"""What of a checkpoint goes to others: what outputs need, and the config without other networks and folders."""

from collections.abc import Sequence
from typing import Any

from i2ikit.config.imports import IMPORTS
from i2ikit.config.published import without_folders
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.engine.checkpointing.weights_file import AVERAGED
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.translation.outputs import declared_outputs


def chosen_outputs(trained: TrainedModel, output: str | None) -> list[str]:
    """Return the names of an output, or of all where it is None.

    Raises:
        CheckpointError: there is no output of that name.
    """
    return list(trained.outputs) if output is None else [trained.choose_output(output)]


def published(trained: TrainedModel, outputs: Sequence[str], weights: str) -> Checkpoint:
    """Return a checkpoint that holds what outputs need alone; the weights of a moving average are its generator's.

    Args:
        trained: the model.
        outputs: their names.
        weights: ``"average"`` or ``"raw"``, see :meth:`TrainedModel.generators_of`.
    """
    source = trained.checkpoint
    own = source.config["model"]
    model: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {"generators": {}, "views": {}}
    averaged: set[str] = set()
    for output in outputs:
        for name, full in trained.generators_of(output, weights).items():
            parts["generators"][name] = own["generators"][trained.trained_name(full).partition(".")[2]]
            model |= {f"generators.{name}.{key}": value for key, value in source.weights(full).items()}
            averaged |= {name} if trained.is_average(full) else set()
        for name in trained.views_of(output):
            parts["views"][name] = own["views"][name]
            model |= {f"views.{name}.{key}": value for key, value in source.weights(f"views.{name}").items()}
    kept = {key: without_folders(source.config[key]) for key in ("data", IMPORTS) if key in source.config}
    kind = {key: value for key, value in own.items() if key in ("type", "images")}
    texts = {name: str(trained.outputs[name]) for name in outputs}
    named = {"outputs": texts} if own.get("outputs") or texts != declared_outputs(parts) else {}
    config = {"model": {**kind, **{key: value for key, value in parts.items() if value}, **named}, **kept}
    extra = {AVERAGED: sorted(averaged)}
    return Checkpoint(config, model, {}, source.progress, source.versions, source.plugins, extra)
