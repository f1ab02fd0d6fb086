"""The numbers that networks compute with."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch

from i2ikit.distributed.device import DeviceError

PRECISIONS = ("fp32", "bf16", "fp16")


def network_precision(name: str, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return what makes the context that networks compute in; weights, images and losses stay in float32.

    Args:
        name: "fp32", "bf16" or "fp16".
        device: where the networks are.

    Raises:
        DeviceError: float16 away from CUDA, where its small range would need hardware that is not there.
    """
    if name == "fp32":
        return nullcontext
    if name == "fp16" and device.type != "cuda":
        raise DeviceError(f"fp16 needs a CUDA device, and this run is on {device}; bf16 works here: --precision bf16")
    kind = {"bf16": torch.bfloat16, "fp16": torch.float16}[name]
    return partial(torch.autocast, device.type, dtype=kind)


def loss_scaler(name: str, device: torch.device) -> torch.amp.GradScaler | None:
    """Return what keeps float16's small gradients from becoming zero; None for the others, which need none."""
    return torch.amp.GradScaler(device.type) if name == "fp16" else None
