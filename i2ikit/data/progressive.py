"""Progressive sizes: a run begins with smaller training images, whose steps are faster."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from i2ikit.interfaces.progress import Progress


class ProgressiveSizes:
    """Divides the sides of the training images, in the first part of a run by more than later.

    The loader reads images of the full size, so order, cropping and cache are the same; the networks get smaller ones.
    The size is a function of the step and the length of the run, so a resumed run continues with the right one.

    Args:
        stages: [divisor, part] each: the sides are divided by ``divisor``, an integer >= 2, until ``part`` of the run's
            steps, in 0..1, are done. Divisors fall, parts rise; after the last stage the images have their own size.
    Source:
        the idea of growing: Karras et al. 2018, arXiv:1710.10196; differs: the networks stay as they are, since they
        take images of any size.
    Example:
        >>> sizes = ProgressiveSizes([[4, 0.2], [2, 0.5]])
        >>> [sizes.divisor(Progress(epoch=1, step=step, epochs=1, steps=10)) for step in (1, 2, 3, 5, 6)]
        [4, 4, 2, 2, 1]
    """

    def __init__(self, stages: Sequence[Sequence[float]] = ()) -> None:
        self.stages = [(int(divisor), float(part)) for divisor, part in stages]

    def divisor(self, progress: Progress) -> int:
        """Return by what the sides are divided in the step at ``progress``."""
        done = progress.step - 1
        return next((divisor for divisor, part in self.stages if done < part * progress.steps), 1)

    def __call__(self, batch: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """Return a batch with its images in the size of the step at ``progress``; what is no image stays as it is."""
        divisor = self.divisor(progress)
        return {name: smaller(value, divisor) for name, value in batch.items()} if divisor > 1 else dict(batch)

    def describe(self) -> str:
        """Return the sizes of a run as a sentence; an empty string if there is only one."""
        parts = [f"1/{divisor} of the size until {part:.0%} of the steps are done" for divisor, part in self.stages]
        return f"Training images have {', '.join(parts)}, then the full size." if parts else ""


def smaller(value: Any, divisor: int) -> Any:
    """Return images (B, C, H, W) as (B, C, H // divisor, W // divisor), means of squares; other values unchanged.

    Labels, which are integers, are those in the middle of the squares.
    """
    if not isinstance(value, Tensor) or value.ndim != 4:
        return value
    if value.is_floating_point():
        return F.avg_pool2d(value, divisor)
    height, width = (side // divisor * divisor for side in value.shape[2:])
    return value[..., divisor // 2 : height : divisor, divisor // 2 : width : divisor].contiguous()
