"""The process group of a run, and what its processes exchange: gradients, weights, decisions."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from i2ikit.distributed import processes
from i2ikit.distributed.launch import RankInfo
from i2ikit.distributed.peers import Peers
from i2ikit.errors import RunError

TIMEOUT = timedelta(hours=6)  # the first process may measure while the others wait; ended processes are noticed earlier
PATIENCE = 10  # seconds to leave the others after an error
BUCKET = 2**22  # values in one message


class ProcessGroup:
    """Joins the processes of a run while it is entered; with one process it does nothing.

    Args:
        info: of this process.
        device: of this process.
    """

    def __init__(self, info: RankInfo, device: torch.device) -> None:
        self.info, self.device = info, device
        self._peers: Peers | None = None

    def __enter__(self) -> "ProcessGroup":
        if self.info.count == 1:
            return self
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        has_store = "TORCHELASTIC_RUN_ID" in os.environ  # torchrun already listens at the port
        try:
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if self.device.type == "cuda" else "gloo",
                init_method="env://" if has_store else f"tcp://{self.info.host}:{self.info.port}",
                rank=self.info.rank,
                world_size=self.info.count,
                timeout=TIMEOUT,
            )
            self._peers = Peers(self.info)
        except (RuntimeError, ValueError, OSError) as error:
            raise RunError(f"the {self.info.count} processes could not connect: {error}") from error
        processes.watch(self._peers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._peers is None:
            return
        processes.watch(None)
        self._peers.close()
        if error is None:
            dist.destroy_process_group()
            return
        # threads of gloo that are left at the end of a process may abort it; the others may be unable to answer
        leaving = threading.Thread(target=_leave, daemon=True)
        leaving.start()
        leaving.join(PATIENCE)


def _leave() -> None:
    with suppress(Exception):
        dist.destroy_process_group()


def is_first() -> bool:
    """Return whether this process has rank 0, which alone writes files and prints."""
    return processes.rank() == 0


def broadcast_value(value: Any) -> Any:
    """Return the value of rank 0; plain data."""
    if processes.count() == 1:
        return value
    any_rank(False)  # where a process that ends while the others wait for rank 0 is noticed
    box = [value]
    with processes.lost_peers_named():
        dist.broadcast_object_list(box)
    return box[0]


@torch.no_grad()
def broadcast_model(model: nn.Module) -> None:
    """Copy the weights and buffers of rank 0 to every process."""
    if processes.count() > 1:
        for tensor in [*model.parameters(), *model.buffers()]:
            values = tensor.contiguous()
            processes.exchange(dist.broadcast, values, 0)
            tensor.copy_(values)


def any_rank(flag: bool) -> bool:
    """Return whether the flag is set in any process; all of them wait here for each other."""
    if processes.count() == 1:
        return flag
    count = torch.tensor(int(flag))  # on the CPU: no GPU has to wait
    processes.exchange(dist.all_reduce, count)
    return bool(count.item())


def average(tensors: Sequence[Tensor]) -> None:
    """Replace tensors by their means over all processes, in place, in few large messages.

    Args:
        tensors: the same shapes in the same order in every process.

    Raises:
        RunError: another process has ended.
    """
    if processes.count() == 1:
        return
    for bucket in _buckets(tensors):
        flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        processes.exchange(dist.all_reduce, flat)
        flat /= processes.count()
        parts = flat.split([tensor.numel() for tensor in bucket])
        for tensor, part in zip(bucket, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))


def average_losses(losses: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the means of scalars over all processes; the same names in every process."""
    if processes.count() == 1 or not losses:
        return losses
    stacked = torch.stack(list(losses.values()))
    average([stacked])
    return dict(zip(losses, stacked.unbind(), strict=True))


def _buckets(tensors: Sequence[Tensor]) -> list[list[Tensor]]:
    """Return the tensors in groups of one type and device, each of about BUCKET values."""
    buckets: list[list[Tensor]] = []
    latest: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        kind = (tensor.dtype, tensor.device)
        if kind not in latest or sum(x.numel() for x in latest[kind]) >= BUCKET:
            latest[kind] = []
            buckets.append(latest[kind])
        latest[kind].append(tensor)
    return buckets
