"""How a model computes its steps: device, floating-point type, kept or separate passes."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch

from i2ikit.distributed.device import DeviceError, model_to_device
from i2ikit.ops.convolutions import fast_convolutions
from i2ikit.translation import UnpairedTranslation


def set_execution(model: UnpairedTranslation, train: Mapping[str, Any], device: torch.device) -> None:
    """Move a model to its device, and set how it computes.

    Args:
        model: it is changed.
        train: the section of a resolved config.
        device: where it trains.

    Raises:
        DeviceError: the device does not support it.
    """
    model_to_device(model, device)
    model.precision = network_precision(train["precision"], device)
    if train["precision"] == "fp32" and not train["plain"]:
        model.precision = fast_convolutions("fp32", device)
    model.plain = train["plain"]


def network_precision(name: str, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return a factory of the context that networks compute in; weights, images and losses stay in float32.

    Args:
        name: "fp32", "bf16" or "fp16".
        device: where the networks are.

    Raises:
        DeviceError: fp16 on a device other than CUDA.
    """
    if name == "fp32":
        return nullcontext
    if name == "fp16" and device.type != "cuda":
        raise DeviceError(f"fp16 needs a CUDA device, and this run is on {device}; bf16 works here: --precision bf16")
    kind = {"bf16": torch.bfloat16, "fp16": torch.float16}[name]
    return partial(torch.autocast, device.type, dtype=kind)


def loss_scaler(name: str, device: torch.device) -> torch.amp.GradScaler:
    """Return the scaler that keeps small float16 gradients from underflowing; disabled for fp32 and bf16."""
    return torch.amp.GradScaler(device.type, enabled=name == "fp16")
