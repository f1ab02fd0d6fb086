import random

import numpy as np
import torch

from i2ikit.data.randomness import seed_step

CPU = torch.device("cpu")


def samples() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), torch.rand(()).item()  # noqa: NPY002


def test_the_streams_of_a_step_depend_on_seed_and_step_alone():
    seed_step(3, 14, CPU)
    first = samples()
    samples()
    seed_step(3, 14, CPU)
    assert samples() == first


def test_another_step_and_another_seed_are_other_streams():
    seen = []
    for seed, step in ((3, 14), (3, 15), (4, 14)):
        seed_step(seed, step, CPU)
        seen += samples()
    assert len(set(seen)) == 9
