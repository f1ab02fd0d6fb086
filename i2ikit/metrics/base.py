"""What a metric is, and what several of them share.

A metric has ``reset()``, ``update(sample)`` and ``compute() -> {number: value}``. A sample holds a batch: "a", the real
inputs, and "output", their translations, (B, C, H, W) in -1..1; "b", the paired truth, where the test images are pairs;
"mask" (B, 1, H, W), where the data set has one. What else a metric may have:

- ``add_real(images, masks)``: it is called with the real images of the target domain, each once, masks or None;
- ``prepare(device)``: it is called before the first batch, to load weights; it raises MetricError where it cannot;
- ``protocol()``: what its numbers depend on, as plain data that is stored beside them;
- ``better``: ``"higher"`` or ``"lower"`` by number;
- ``paired``: True if its numbers compare outputs with paired truth; ``needs_inputs``: True if with inputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from i2ikit.errors import MetricError


class Metric(Protocol):
    """What every metric has."""

    def reset(self) -> None:
        """Forget all samples."""

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch."""

    def compute(self) -> dict[str, float]:
        """Return the numbers over all samples since the last reset."""


class MeanOverPairs(ABC):
    """A metric that compares each output with its paired truth and averages over images; subclasses fill `compare`.

    Attributes:
        better, paired: see this module.
    """

    better: Mapping[str, str] = {}
    paired = True

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._values: dict[str, list[float]] = {}

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "output" and its truth "b" (B, C, H, W) in -1..1."""
        truth = paired_truth(sample, type(self).__name__)
        for name, values in self.compare(sample["output"].detach().float(), truth, sample).items():
            self._values.setdefault(name, []).extend(value for value in values.tolist() if value == value)

    @abstractmethod
    def compare(self, output: Tensor, truth: Tensor, sample: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return numbers (B,) by name for a batch in -1..1; NaN says that an image has none."""

    def compute(self) -> dict[str, float]:
        """Return the means over images.

        Raises:
            ValueError: nothing was added since the last reset.
        """
        if not any(self._values.values()):
            raise ValueError(f"{type(self).__name__} has nothing to compute: call update first")
        return {name: sum(values) / len(values) for name, values in self._values.items() if values}


def paired_truth(sample: Mapping[str, Any], who: str) -> Tensor:
    """Return the paired truth of a sample.

    Raises:
        MetricError: the test images are not pairs.
    """
    if "b" not in sample:
        raise MetricError(
            f"{who} needs paired test images: an input and its truth have one file name (testA/7.png and testB/7.png), "
            "or the test set is one of pairs, such as PairedFolders"
        )
    truth: Tensor = sample["b"].detach().float()
    if truth.shape != sample["output"].shape:
        raise MetricError(
            f"{who} needs pairs of one size: an output is {_size(sample['output'])}, its truth {_size(truth)}"
        )
    return truth


def _size(images: Tensor) -> str:
    channels, height, width = images.shape[1:]
    return f"{width}x{height} with {channels} channel{'s' * (channels != 1)}"


def inputs_of(sample: Mapping[str, Any], who: str) -> Tensor:
    """Return the inputs of a sample.

    Raises:
        MetricError: nobody knows them.
    """
    if "a" not in sample:
        raise MetricError(f"{who} needs the inputs of the translations; measure a checkpoint, which makes them")
    return sample["a"].detach().float()


def in_unit_range(images: Tensor) -> Tensor:
    """Return images of -1..1 as values in 0..1."""
    return images / 2 + 0.5


def to_bytes(images: Tensor, who: str) -> Tensor:
    """Return images (B, 3, H, W) in -1..1 as the uint8 that a file of 8 bits would hold; gray ones three times.

    Raises:
        MetricError: they have neither 1 nor 3 channels.
    """
    if images.shape[1] not in (1, 3):
        raise MetricError(f"{who} needs images of 3 channels, or gray ones, not of {images.shape[1]}")
    levels = ((images.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return levels.expand(-1, 3, -1, -1).contiguous()
