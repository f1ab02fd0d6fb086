"""The base of distances between features of outputs and of real images."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from i2ikit.checks import side
from i2ikit.errors import MetricError
from i2ikit.metrics.backbones import INCEPTION, RESIZING
from i2ikit.metrics.base import Metric, to_bytes
from i2ikit.metrics.feature_store import shared_store


class FeatureDistance(Metric):
    """Collects features of all outputs and of all real images; subclasses implement `distance`.

    Images are converted to 8 bits first, as a file would hold them. Real images are those of the target domain, each
    once; their features are cached on disk.

    Args:
        backbone: ``"inception-v3-compat"``, the network that FID and KID are defined by, or a classifier of torchvision
            such as ``"resnet50"``, whose features before the last linear layer are compared.
        weights: file of the state dict. None: the standard Inception weights from torch's cache, downloaded if they are
            missing. A file for Inception must be the standard one; its hash is checked.
        resizing: ``"clean"`` (Pillow's bicubic, antialiased) or ``"legacy"`` (bilinear, not antialiased, as in
            TensorFlow 1 and most papers before 2022). Their values differ by several points.
        size: height and width in pixels, >= 1, of the input of a classifier; Inception always takes 299.

    Attributes:
        store: computes the features.
        value: name of the distance: the resizing for the standard Inception, else "distance".

    Raises:
        ValueError: the backbone or the resizing is unknown.
    """

    better: ClassVar[Mapping[str, str]] = dict.fromkeys((*RESIZING, "distance"), "lower")

    def __init__(
        self,
        backbone: str = INCEPTION,
        weights: str | Path | None = None,
        *,
        resizing: str = "clean",
        size: int = 224,
    ) -> None:
        self.store = shared_store(backbone, weights, resizing, side("size", size))
        self.value = resizing if backbone == INCEPTION else "distance"
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._outputs: list[Tensor] = []
        self._real: list[Tensor] = []

    def prepare(self, device: torch.device) -> None:
        """Load the weights onto the device where features are computed.

        Raises:
            MetricError: a file of weights or a package is missing.
        """
        self.store.backbone.load(device)

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "output" (B, C, H, W) in -1..1, C 1 or 3."""
        self._outputs.append(self.store.features(to_bytes(sample["output"], type(self).__name__)))

    def add_real(self, images: Tensor, masks: Tensor | None = None) -> None:
        """Add real images (B, C, H, W) in -1..1, C 1 or 3; masks are ignored."""
        self._real.append(self.store.features(to_bytes(images, type(self).__name__), on_disk=True))

    def protocol(self) -> dict[str, Any]:
        """Return what the features depend on, and how many there are."""
        counts = {"outputs": sum(map(len, self._outputs)), "real": sum(map(len, self._real))}
        return {**self.store.backbone.protocol(), **counts}

    def compute(self) -> dict[str, float]:
        """Return the distance over all samples since the last reset.

        Raises:
            MetricError: there are fewer than two outputs or real images.
        """
        outputs, real = sum(map(len, self._outputs)), sum(map(len, self._real))
        if min(outputs, real) < 2:
            raise MetricError(
                f"{type(self).__name__} needs at least 2 outputs and 2 real images, not {outputs} and {real}"
            )
        return self.distance(torch.cat(self._outputs), torch.cat(self._real))

    @abstractmethod
    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return values by name for features (N, D) and (M, D)."""
