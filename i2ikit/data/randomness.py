"""The global random streams, seeded anew for each step: nothing has to be saved for a resumed run to draw the same."""

import random

import numpy as np
import torch

from i2ikit.data.loading import seed_number

STEP = -1  # keeps the key of a step apart from the loader's (seed, epoch, index)


def seed_step(seed: int, step: int, device: torch.device, rank: int = 0) -> None:
    """Make all global random streams (Python, NumPy, torch, the device's) a function of (seed, step, rank)."""
    number = seed_number(seed, STEP, step, *([rank] if rank else []))
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002  a part may use the global stream
    torch.default_generator.manual_seed(number)  # torch.manual_seed records a stack trace for devices not in use
    if device.type == "cuda":
        torch.cuda.manual_seed(number)
    elif device.type == "mps":
        torch.mps.manual_seed(number)
