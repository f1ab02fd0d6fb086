"""Several processes that train one model: how they meet, agree, and average their gradients."""

import os
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from i2ikit.distributed import processes
from i2ikit.distributed.launch import Place
from i2ikit.errors import RunError

PATIENCE = timedelta(hours=6)  # the first process may draw and measure while the others wait; a dead one is noticed
BUCKET = 2**22  # numbers that travel together


class ProcessGroup:
    """The meeting of the processes, while it is entered; with one process there is nothing to do.

    Args:
        place: of this process.
        device: of this process; the processes sum on it.
    """

    def __init__(self, place: Place, device: torch.device) -> None:
        self.place, self.device = place, device

    def __enter__(self) -> "ProcessGroup":
        if self.place.count == 1:
            return self
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        try:
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if self.device.type == "cuda" else "gloo",
                init_method=f"tcp://{self.place.host}:{self.place.port}" if not _has_store() else "env://",
                rank=self.place.rank,
                world_size=self.place.count,
                timeout=PATIENCE,
            )
        except (RuntimeError, ValueError) as error:
            raise RunError(f"the {self.place.count} processes did not find each other: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.place.count > 1 and error is None:  # after an error the process ends, and the others notice
            dist.destroy_process_group()


def _has_store() -> bool:
    """Say whether torchrun already holds the place where the processes meet."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_first() -> bool:
    """Say whether this process is the one that writes and speaks."""
    return processes.rank() == 0


def from_first(value: Any) -> Any:
    """Return what the first process has; plain data."""
    if processes.count() == 1:
        return value
    box = [value]
    with processes.talking():
        dist.broadcast_object_list(box)
    return box[0]


def any_of_all(flag: bool) -> bool:
    """Return whether the flag is set in any of the processes; all of them wait here for each other."""
    if processes.count() == 1:
        return flag
    count = torch.tensor(int(flag))  # on the CPU: no GPU has to wait
    with processes.talking():
        dist.all_reduce(count)
    return bool(count.item())


def average(tensors: Sequence[Tensor]) -> None:
    """Replace tensors by their means over all processes, in place; as few messages as their sizes allow.

    Args:
        tensors: the same shapes in the same order in every process.

    Raises:
        RunError: another process has ended.
    """
    if processes.count() == 1:
        return
    for bucket in _buckets(tensors):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        with processes.talking():
            dist.all_reduce(flat)
        flat /= processes.count()
        parts = flat.split([tensor.numel() for tensor in bucket])
        for tensor, part in zip(bucket, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))


def mean_of_all(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the means of scalars over all processes; the same names in every process."""
    if processes.count() == 1 or not values:
        return values
    stacked = torch.stack(list(values.values()))
    average([stacked])
    return dict(zip(values, stacked.unbind(), strict=True))


def _buckets(tensors: Sequence[Tensor]) -> list[list[Tensor]]:
    """Return the tensors in groups of one type and device, each about BUCKET numbers large."""
    buckets: list[list[Tensor]] = []
    kinds: dict[tuple[torch.dtype, torch.device], int] = {}
    for tensor in tensors:
        kind = (tensor.dtype, tensor.device)
        if kind not in kinds or sum(x.numel() for x in buckets[kinds[kind]]) >= BUCKET:
            kinds[kind] = len(buckets)
            buckets.append([])
        buckets[kinds[kind]].append(tensor)
    return buckets


@torch.no_grad()
def begin_equal(model: nn.Module) -> None:
    """Give every process the weights and buffers of the first one."""
    if processes.count() > 1:
        for tensor in [*model.parameters(), *model.buffers()]:
            whole = tensor.contiguous()
            with processes.talking():
                dist.broadcast(whole, 0)
            tensor.copy_(whole)
