"""The base of all metrics, and what several of them share.

A metric derives from :class:`Metric`, or from :class:`MeanOverImages` if it averages values of single images. The
defaults are those of a metric that only needs outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from i2ikit.errors import MetricError, counted

NEEDS: Mapping[str, str] = {  # key of a sample: what a metric says if it is missing
    "mask": "needs a dataset whose items have a mask, such as Stripes",
    "a": "needs the inputs of the translations: measure a checkpoint instead of a folder",
    "b": "needs paired test images: give an input and its truth the same file name (testA/7.png and testB/7.png), or "
    "use a dataset of pairs such as PairedFolders",
}


class Metric(ABC):
    """Measures translations of a test set: reset, update with each batch, compute.

    Attributes:
        better: ``"higher"`` or ``"lower"`` for each value that has a direction.
        needs_pairs: whether outputs are compared with their paired truth.
        needs_inputs: whether outputs are compared with their inputs.
        needs_masks: whether every sample must have a mask.
        target: domain of the outputs, ``"b"`` or ``"a"``; set before each measurement. A sample has the inputs as "a"
            and the truth as "b" in both directions.
    """

    better: ClassVar[Mapping[str, str]] = {}
    needs_pairs: ClassVar[bool] = False
    needs_inputs: ClassVar[bool] = False
    needs_masks: ClassVar[bool] = False
    target: str = "b"

    @abstractmethod
    def reset(self) -> None:
        """Forget all samples."""

    @abstractmethod
    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch.

        Args:
            sample: "output", the translations, and where they exist "a", their inputs, and "b", the paired truth, all
                (B, C, H, W) in -1..1; where the data set has masks "mask", (B, 1, H, W) of 0 and 1.
        """

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Return the values by name over all samples since the last reset."""

    def prepare(self, device: torch.device) -> None:  # noqa: B027
        """Load weights onto the device of the networks; called before the first batch.

        Raises:
            MetricError: a file of weights or a package is missing.
        """

    def add_real(self, images: Tensor, masks: Tensor | None = None) -> None:  # noqa: B027
        """Add real images of the target domain (B, C, H, W) in -1..1, each once, and their masks (B, 1, H, W)."""

    def protocol(self) -> dict[str, Any]:
        """Return what the values depend on, as plain data that is stored beside them."""
        return {}

    def check(self, sample: Mapping[str, Any]) -> None:
        """Check that a sample has what the metric needs.

        Raises:
            MetricError: the truth, the inputs or the masks are missing, or output and truth differ in shape.
        """
        name = type(self).__name__
        for key, needed in (("mask", self.needs_masks), ("a", self.needs_inputs), ("b", self.needs_pairs)):
            if needed and key not in sample:
                raise MetricError(f"{name} {NEEDS[key]}")
        if not self.needs_pairs:
            return
        if sample["b"].shape != sample["output"].shape:
            output, truth = _size(sample["output"]), _size(sample["b"])
            raise MetricError(f"{name} needs pairs of one size: an output is {output}, its truth {truth}")


class MeanOverImages(Metric):
    """A metric with values for each image, averaged over images; subclasses implement `per_image`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._values: dict[str, list[float]] = {}

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch; values that are NaN are left out of the mean."""
        self.check(sample)
        for name, values in self.per_image(sample).items():
            self._values.setdefault(name, []).extend(value for value in values.tolist() if value == value)

    @abstractmethod
    def per_image(self, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return values (B,) by name for a batch; NaN where an image has none."""

    def compute(self) -> dict[str, float]:
        """Return the means over images.

        Raises:
            ValueError: no image since the last reset has a value.
        """
        if not any(self._values.values()):
            raise ValueError(f"{type(self).__name__} has nothing to compute: call update first")
        return {name: sum(values) / len(values) for name, values in self._values.items() if values}


def in_unit_range(images: Tensor) -> Tensor:
    """Return images in -1..1 as float32 in 0..1, without their graph."""
    return images.detach().float() / 2 + 0.5


def to_bytes(images: Tensor, who: str) -> Tensor:
    """Return images (B, 3, H, W) in -1..1 as the uint8 of an 8-bit file; gray images are repeated to 3 channels.

    Raises:
        MetricError: they have neither 1 nor 3 channels; the message names ``who``.
    """
    if images.shape[1] not in (1, 3):
        raise MetricError(f"{who} needs images with 3 channels or 1, not {images.shape[1]}")
    levels = ((images.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return levels.expand(-1, 3, -1, -1).contiguous()


def _size(images: Tensor) -> str:
    channels, height, width = images.shape[1:]
    return f"{width}x{height} with {counted(channels, 'channel')}"
