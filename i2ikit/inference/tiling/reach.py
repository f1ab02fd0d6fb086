"""How far around a pixel a generator looks."""

from collections.abc import Callable

import torch
from torch import Tensor

from i2ikit.inference.failures import TooLargeError

LEVEL = 2 / 255  # of 8 bits, in -1..1
UNSEEN = LEVEL / 4  # mean difference of outputs that nobody sees
SPOT = 2 * LEVEL  # the same for a single value
GLOBAL = 2 * LEVEL  # mean difference that tiles of an image must not have
FARTHEST = 0.75  # of the distance over which the reach is measured


def measure_reach(translate: Callable[[Tensor], Tensor], crops: Tensor, whole: Tensor, multiple: int) -> int:
    """Return the distance, in pixels, from which the content of an image affects a translation no more visibly.

    A crop is translated whole, and each half of it by itself: how far from the cut the outputs differ is what a tile
    lacks at its border. Beyond it they differ by less than a quarter of a level of 8 bits on average, and by less than
    two levels anywhere: a generator with a mask may decide otherwise at one spot.

    Args:
        translate: with given statistics of norms.
        crops: (B, C, H, W) of real images; H and W are multiples of twice ``multiple``.
        whole: their translation.
        multiple: pixels, >= 1; so is the result, which is at most 3/8 of H or W.

    Raises:
        TooLargeError: the right half of a crop still affects the output at the left end: the generator looks at the
            whole image by more than its norms, such as by attention or global pooling.
    """
    left, right = crops.chunk(2, -1)
    changed = _differences(whole, translate(torch.cat([left, -right], -1)), -1)
    far = max(mean for mean, _ in changed[int(len(changed) * FARTHEST) :])
    if far > GLOBAL:
        raise TooLargeError(
            "in tiles it would fall apart: the generator looks at the whole image by more than its norms. "
            f"{int(len(changed) * FARTHEST)} pixels away from a change its output still differs by "
            f"{far / LEVEL:.0f} of 255 levels"
        )
    reach = multiple
    for axis in (-1, -2):
        differences = _differences(whole, translate(crops.chunk(2, axis)[0]), axis)
        within = differences[: int(len(differences) * FARTHEST)]
        seen = [at for at, (mean, largest) in enumerate(within, start=1) if mean > UNSEEN or largest > SPOT]
        reach = max(reach, *seen[-1:], 0)
    return -(-reach // multiple) * multiple


def _differences(whole: Tensor, other: Tensor, axis: int) -> list[tuple[float, float]]:
    """Return by the distance 1, 2, ... in pixels from the middle of the first output, in its first half, how much the
    second differs: mean and largest."""
    half = whole.shape[axis] // 2
    apart = (whole.narrow(axis, 0, half) - other.narrow(axis, 0, half)).abs()
    others = tuple(each for each in range(apart.ndim) if each != apart.ndim + axis)
    return list(zip(apart.mean(others).flip(0).tolist(), apart.amax(others).flip(0).tolist(), strict=True))
