"""The rank of this process among those that train together, and its device."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from i2ikit.distributed.device import DeviceError, pick_device
from i2ikit.errors import I2IKitError

SLURM_PORT = 20000  # the job's number is added, so that jobs on one machine use different ports


@dataclass(frozen=True)
class RankInfo:
    """The rank of a process, and the address of rank 0.

    Attributes:
        rank: from 0, over all machines.
        count: of all processes.
        local_rank: from 0, on its machine; it selects the GPU.
        host, port: where rank 0 listens.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    host: str = ""
    port: int = 0


SINGLE = RankInfo()


def find_rank(environment: Mapping[str, str] = os.environ) -> RankInfo:
    """Return the rank of this process, from the environment variables of torchrun or Slurm's srun.

    Raises:
        I2IKitError: variables of torchrun or srun are missing, or are not numbers.
    """
    try:
        if "WORLD_SIZE" in environment and "RANK" in environment:
            return RankInfo(
                rank=int(environment["RANK"]),
                count=int(environment["WORLD_SIZE"]),
                local_rank=int(environment.get("LOCAL_RANK", environment["RANK"])),
                host=environment["MASTER_ADDR"],
                port=int(environment["MASTER_PORT"]),
            )
        if int(environment.get("SLURM_STEP_NUM_TASKS", 1)) > 1:  # set by srun alone, not in a batch script itself
            return RankInfo(
                rank=int(environment["SLURM_PROCID"]),
                count=int(environment["SLURM_STEP_NUM_TASKS"]),
                local_rank=int(environment["SLURM_LOCALID"]),
                host=environment.get("MASTER_ADDR") or first_host(environment["SLURM_STEP_NODELIST"]),
                port=int(environment.get("MASTER_PORT") or SLURM_PORT + int(environment["SLURM_JOB_ID"]) % 20000),
            )
    except (KeyError, ValueError) as error:
        raise I2IKitError(
            f"the environment variables of several processes are incomplete: {error}. Start the processes with "
            "`torchrun --nproc-per-node N -m i2ikit train ...` or with `srun`."
        ) from error
    return SINGLE


def first_host(nodes: str) -> str:
    """Return the first machine of a Slurm list such as ``gpu[07-09,12],big1``: ``gpu07``."""
    found = re.match(r"([^\[,]+)(?:\[([0-9]+))?", nodes)
    if found is None:
        raise ValueError(f"{nodes!r} names no machine")
    return found[1] + (found[2] or "")


def rank_device(name: str, info: RankInfo) -> torch.device:
    """Return the device of one process: with several processes and ``"cuda"``, the GPU of its local rank.

    Args:
        name: as for :func:`pick_device`.
        info: of the process.

    Raises:
        DeviceError: there is no such device, or fewer GPUs than processes on this machine.
    """
    device = pick_device(name)
    if info.count == 1 or device.type != "cuda":
        return device
    if device.index is not None:
        raise DeviceError(f"several processes need one GPU each: --device cuda, not {name}")
    return pick_device(f"cuda:{info.local_rank}")
