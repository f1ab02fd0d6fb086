"""The device of a run, and how model and batches are moved to it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.errors import I2IKitError


class DeviceError(I2IKitError):
    """The requested device is not available."""


def pick_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``.

    Args:
        name: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, or ``"auto"``: the best that is available.

    Raises:
        DeviceError: the device is not available, or the name is unknown.
    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if not _missing(torch.device(kind))))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"no device is called {name!r}; there are auto, cpu, cuda, cuda:N and mps") from error
    reason = _missing(device)
    if reason:
        raise DeviceError(f"the device {name!r} cannot be used: {reason}. `--device cpu` works everywhere.")
    return device


def _missing(device: torch.device) -> str:
    """Return why a device cannot be used, or an empty string."""
    if device.type == "cpu":
        return ""
    if device.type == "mps":
        return "" if torch.backends.mps.is_available() else "this machine or this torch has no Metal"
    if device.type != "cuda":
        return "i2ikit trains on cpu, cuda and mps"
    if not torch.cuda.is_available():
        built = torch.version.cuda or torch.version.hip
        return "torch finds no GPU on this machine" if built else "this torch was built without CUDA"
    count = torch.cuda.device_count()
    return "" if (device.index or 0) < count else f"this machine has {count} GPUs, counted from 0"


def model_to_device(model: nn.Module, device: torch.device) -> None:
    """Move a model to the device, in place; 4-D weights become channels-last on CUDA, which convolutions prefer."""
    model.to(device)
    if device.type != "cuda":
        return
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def batch_to_device(batch: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """Return a batch with its tensors on the device, images in the memory format of the model's weights."""
    layout = torch.channels_last if device.type == "cuda" else torch.preserve_format

    def move(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return value.to(device, non_blocking=True, memory_format=layout if value.ndim == 4 else torch.preserve_format)

    return {name: move(value) for name, value in batch.items()}
