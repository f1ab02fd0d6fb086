"""The floating-point type that networks compute in."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch

from i2ikit.distributed.device import DeviceError


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
