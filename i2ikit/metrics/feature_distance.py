"""What the distances between features of outputs and of real images share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from i2ikit.errors import MetricError
from i2ikit.metrics.backbones import Backbone
from i2ikit.metrics.base import to_bytes
from i2ikit.metrics.feature_store import FeatureStore, RealFeatures, shared_store


class FeatureDistance(ABC):
    """Gathers features of all outputs and of all real images; subclasses fill `distance`.

    Images are taken as the 8 bits that a file of them would hold. Real images are those of the target domain, each
    once; their features are kept on disk.

    Args:
        backbone: what makes the features.
    """

    better: Mapping[str, str] = {}

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone
        self._store: FeatureStore | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._outputs: list[Tensor] = []
        self._real: list[Tensor] = []
        self._known: RealFeatures | None = None

    def prepare(self, device: torch.device) -> None:
        """Load the weights onto the device where features are computed.

        Raises:
            MetricError: a file of weights or a package is missing.
        """
        self.backbone.load(device)
        self._store = shared_store(self.backbone)
        self._store.backbone.load(device)

    def update(self, sample: Mapping[str, Any]) -> None:
        """Add a batch: "output" (B, C, H, W) in -1..1, C 1 or 3."""
        store = self._prepared()
        self._outputs.append(store.features(to_bytes(sample["output"], type(self).__name__)))

    def add_real(self, images: Tensor, masks: Tensor | None = None) -> None:
        """Add real images (B, C, H, W) in -1..1, C 1 or 3; masks are not looked at."""
        store = self._prepared()
        self._known = self._known or RealFeatures(store.key)
        self._real.append(store.features(to_bytes(images, type(self).__name__), self._known))

    def protocol(self) -> dict[str, Any]:
        """Return what the features depend on, and how many there are."""
        return {
            **self.backbone.protocol(),
            "outputs": sum(map(len, self._outputs)),
            "real": sum(map(len, self._real)),
        }

    def compute(self) -> dict[str, float]:
        """Return the distance over all samples since the last reset.

        Raises:
            MetricError: there are fewer than two outputs or real images.
        """
        outputs, real = sum(map(len, self._outputs)), sum(map(len, self._real))
        if min(outputs, real) < 2:
            raise MetricError(
                f"{type(self).__name__} needs at least 2 outputs and 2 real images, there are {outputs} and {real}"
            )
        if self._known is not None:
            self._known.save()
        return self.distance(torch.cat(self._outputs), torch.cat(self._real))

    @abstractmethod
    def distance(self, outputs: Tensor, real: Tensor) -> dict[str, float]:
        """Return numbers by name for features (N, D) and (M, D)."""

    def _prepared(self) -> FeatureStore:
        if self._store is None:
            self.prepare(torch.device("cpu"))
        assert self._store is not None, "prepare makes it"
        return self._store
