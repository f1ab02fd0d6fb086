"""Networks from the config inside a file: what the file asks for is compared with what it holds before it is made."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from i2ikit.errors import CheckpointError, I2IKitError
from i2ikit.tensor_files import fits, walk

Network = TypeVar("Network", bound=nn.Module)
LARGEST = 2**20  # of the whole numbers in the config of a model
SPARE = 4  # registrations per stored tensor: parts replace parameters while they are made
LAYERS = 32  # modules per stored tensor: most layers have no weights


def rebuild(
    make: Callable[[], Network | None], config: Any, weights: Mapping[str, Any], *, complete: bool = True
) -> Network | None:
    """Build a network from the config of a checkpoint, if the weights of the checkpoint fit it.

    It is built on the meta device first, so that a config that asks for a million layers, or for layers that do not
    fit into memory, is refused at no cost.

    Args:
        make: builds the network; returns None for an error that it has recorded.
        config: what ``make`` builds from.
        weights: its state dict in the file.
        complete: whether all of ``weights`` are of this network.

    Returns:
        the network, with initial weights, on the current device; None where ``make`` returned None.

    Raises:
        CheckpointError: the network cannot be built, or the weights do not fit.
    """
    large = next((f"{key}={item}" for key, item in walk(config) if isinstance(item, int) and abs(item) > LARGEST), None)
    if large is not None:
        raise CheckpointError(f"its config asks for {large}, and {LARGEST} is the most that is read from a file")
    try:
        with limited(len(weights)):
            trial = _on_meta(make)
        if trial is not None:
            compare_weights(trial.state_dict(), weights, complete=complete)
        return make() if trial is not None else None
    except I2IKitError:
        raise
    except Exception as error:  # a config from a file may ask for anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"its config cannot be built: {reason}") from error


def _on_meta(make: Callable[[], Network | None]) -> Network | None:
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, NotImplementedError):  # a part that cannot be built without real tensors
        return make()


def compare_weights(own: Mapping[str, Any], weights: Mapping[str, Any], *, complete: bool = True) -> None:
    """Raise CheckpointError where the names, shapes or kinds of weights differ from those of a network.

    Args:
        own: state dict of the network.
        weights: state dict in the file.
        complete: whether all of ``weights`` are of this network.
    """
    missing = [name for name in own if name not in weights]
    other = [name for name in weights if name not in own] if complete else []
    stored = [name for name in own if isinstance(own[name], Tensor) and name in weights]
    wrong = [name for name in stored if not fits(weights[name], own[name])]
    for names, what in (
        (missing, "are missing"),
        (other, "are not of this network"),
        (wrong, "are of another shape or type"),
    ):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise CheckpointError(f"the weights do not fit its config: {names[0]}{more} {what}")


@contextmanager
def limited(tensors: int) -> Iterator[None]:
    """Stop the building of a network that becomes larger than the ``tensors`` that a file has for it.

    Raises:
        CheckpointError: it has become larger.
    """
    counts = {"parameters": 0, "layers": 0}
    most = {"parameters": SPARE * tensors + SPARE, "layers": LAYERS * tensors + LAYERS}

    def count(what: str) -> None:
        counts[what] += 1
        if counts[what] > most[what]:
            raise CheckpointError(f"its config asks for a larger network than it has weights for: {tensors} tensors")

    handles = [
        register_module_parameter_registration_hook(lambda *_: count("parameters")),
        register_module_module_registration_hook(lambda *_: count("layers")),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
