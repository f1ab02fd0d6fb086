"""Which of several processes this one is, and which device it takes."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from i2ikit.distributed.device import DeviceError, pick_device
from i2ikit.errors import I2IKitError

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


def find_rank(environment: Mapping[str, str] = os.environ) -> Place:
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
