"""How a model computes its steps: device, floating-point type, kept or separate passes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch.optim import Optimizer

from i2ikit.distributed.device import DeviceError, model_to_device
from i2ikit.engine.compiled import compile_networks
from i2ikit.engine.optim import PhaseUpdater
from i2ikit.ops.fast_operations import fast_operations
from i2ikit.translation import UnpairedTranslation


def set_execution(
    model: UnpairedTranslation,
    train: Mapping[str, Any],
    device: torch.device,
    note: Callable[[str], None] = lambda text: None,
) -> None:
    """Move a model to its device, and set how it computes.

    Args:
        model: it is changed.
        train: the section of a resolved config.
        device: where it trains.
        note: gets the reason why something that ``train`` asks for is not done.

    Raises:
        DeviceError: the device does not support it.
    """
    model_to_device(model, device)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = train["precision"] == "tf32"
    precision = network_precision(train["precision"], device)
    replaced = not train["plain"] and not train["compile"]
    faster = fast_operations(train["precision"], device) if replaced else nullcontext
    model.precision = partial(_both, precision, faster)
    model.plain = train["plain"]
    if train["compile"]:
        compile_networks(model, train, device, note)


@contextmanager
def _both(*contexts: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    first, second = contexts
    with first(), second():
        yield


def network_precision(name: str, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return a factory of the context that networks compute in; weights, images and losses stay in float32.

    Args:
        name: "fp32", "tf32", "bf16" or "fp16".
        device: where the networks are.

    Raises:
        DeviceError: tf32 or fp16 on a device other than CUDA.
    """
    if name == "fp32":
        return nullcontext
    if name in ("tf32", "fp16") and device.type != "cuda":
        raise DeviceError(f"{name} needs a CUDA device, and this run is on {device}; bf16 works here: --precision bf16")
    if name == "tf32":
        return nullcontext
    kind = {"bf16": torch.bfloat16, "fp16": torch.float16}[name]
    return partial(torch.autocast, device.type, dtype=kind)


def loss_scaler(name: str, device: torch.device) -> torch.amp.GradScaler:
    """Return the scaler that keeps small float16 gradients from underflowing; disabled for fp32 and bf16."""
    return torch.amp.GradScaler(device.type, enabled=name == "fp16")


def make_updater(optimizers: dict[str, Optimizer], train: Mapping[str, Any], device: torch.device) -> PhaseUpdater:
    """Return what updates the weights of a training.

    Args:
        optimizers: by name of the phase.
        train: the section of a resolved config.
        device: of the weights.
    """
    return PhaseUpdater(
        optimizers,
        accumulate=train["accumulate"],
        clip_gradients=train.get("clip_gradients"),
        scaler=loss_scaler(train["precision"], device),
    )
