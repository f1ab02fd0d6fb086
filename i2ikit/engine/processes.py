"""Several processes that train one model: how they meet, agree, and average their gradients."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from i2ikit.engine.device import DeviceError, pick_device
from i2ikit.errors import I2IKitError, RunError
from i2ikit.ops import processes

PATIENCE = timedelta(hours=6)  # the first process may draw and measure while the others wait; a dead one is noticed
BUCKET = 2**22  # numbers that travel together
SLURM_PORT = 20000  # the job's number is added, so that jobs on one machine do not meet


@dataclass(frozen=True)
class Place:
    """Where a process stands among those that train together.

    Attributes:
        rank: from 0, over all machines.
        count: of all processes.
        local_rank: from 0, on its machine; it picks the GPU.
        host, port: where the first process listens.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    host: str = ""
    port: int = 0


ALONE = Place()


def find_place(environment: Mapping[str, str] = os.environ) -> Place:
    """Return where this process stands, from what torchrun or Slurm's srun put into the environment.

    Raises:
        I2IKitError: the variables of torchrun are there in part, or are no numbers.
    """
    try:
        if "WORLD_SIZE" in environment and "RANK" in environment:
            return _of_torchrun(environment)
        if int(environment.get("SLURM_STEP_NUM_TASKS", 1)) > 1:  # set by srun alone, not in a batch script itself
            return _of_slurm(environment)
    except (KeyError, ValueError) as error:
        raise I2IKitError(
            f"the environment speaks of several processes, but not clearly: {error}. Start them with "
            "`torchrun --nproc-per-node N -m i2ikit train ...` or with `srun`."
        ) from error
    return ALONE


def _of_torchrun(environment: Mapping[str, str]) -> Place:
    return Place(
        rank=int(environment["RANK"]),
        count=int(environment["WORLD_SIZE"]),
        local_rank=int(environment.get("LOCAL_RANK", environment["RANK"])),
        host=environment["MASTER_ADDR"],
        port=int(environment["MASTER_PORT"]),
    )


def _of_slurm(environment: Mapping[str, str]) -> Place:
    return Place(
        rank=int(environment["SLURM_PROCID"]),
        count=int(environment["SLURM_STEP_NUM_TASKS"]),
        local_rank=int(environment["SLURM_LOCALID"]),
        host=environment.get("MASTER_ADDR") or first_host(environment["SLURM_STEP_NODELIST"]),
        port=int(environment.get("MASTER_PORT") or SLURM_PORT + int(environment["SLURM_JOB_ID"]) % 20000),
    )


def first_host(nodes: str) -> str:
    """Return the first machine of a Slurm list such as ``gpu[07-09,12],big1``: ``gpu07``."""
    found = re.match(r"([^\[,]+)(?:\[([0-9]+))?", nodes)
    if found is None:
        raise ValueError(f"{nodes!r} names no machine")
    return found[1] + (found[2] or "")


def own_device(name: str, place: Place) -> torch.device:
    """Return the device of one process: with several of them and no number in ``name``, its own GPU.

    Args:
        name: as for :func:`pick_device`.
        place: of the process.

    Raises:
        DeviceError: there is no such device, or fewer GPUs than processes on this machine.
    """
    device = pick_device(name)
    if place.count == 1 or device.type != "cuda":
        return device
    if device.index is not None:
        raise DeviceError(f"with several processes each takes a GPU of its own: --device cuda, not {name}")
    return pick_device(f"cuda:{place.local_rank}")


class Together:
    """The meeting of the processes, while it is entered; with one process there is nothing to do.

    Args:
        place: of this process.
        device: of this process; the processes sum on it.
    """

    def __init__(self, place: Place, device: torch.device) -> None:
        self.place, self.device = place, device

    def __enter__(self) -> "Together":
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
    _with_all(lambda: dist.broadcast_object_list(box))
    return box[0]


def any_of_all(flag: bool) -> bool:
    """Return whether the flag is set in any of the processes; all of them wait here for each other."""
    if processes.count() == 1:
        return flag
    count = torch.tensor(int(flag))  # on the CPU: no GPU has to wait
    _with_all(lambda: dist.all_reduce(count))
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
        _with_all(lambda flat=flat: dist.all_reduce(flat))
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
            _with_all(lambda whole=whole: dist.broadcast(whole, 0))
            tensor.copy_(whole)


def _with_all(talk: Any) -> None:
    try:
        talk()
    except RuntimeError as error:  # torch's word for a connection that is closed
        raise RunError(
            f"process {processes.rank()} of {processes.count()} lost the others: one of them has ended; its own "
            f"message says why. Go on with the same command and --resume. ({str(error).splitlines()[0]})"
        ) from error
