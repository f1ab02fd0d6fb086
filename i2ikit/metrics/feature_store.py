"""A cache of image features by content: in memory, and for real images on disk."""

import hashlib
from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor

from i2ikit.files import open_atomically, user_cache
from i2ikit.metrics.backbones import Backbone

IN_MEMORY = 8192  # vectors; 64 MB for Inception
BATCH = 32  # images per forward pass of a backbone

_stores: dict[str, "FeatureStore"] = {}


def image_key(image: Tensor) -> str:
    """Return a hash of the content of an image (C, H, W) of uint8."""
    content = image.contiguous().numpy().tobytes() + str(tuple(image.shape)).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def shared_store(backbone: Backbone) -> "FeatureStore":
    """Return the one store of all metrics of this process that use the same network, weights and resizing."""
    key = hashlib.blake2b(repr(sorted(backbone.protocol().items())).encode(), digest_size=8).hexdigest()
    return _stores.setdefault(key, FeatureStore(backbone, key))


class FeatureStore:
    """Computes features, and keeps the latest in memory.

    Args:
        backbone: loaded.
        key: identifies backbone, weights and resizing.
    """

    def __init__(self, backbone: Backbone, key: str) -> None:
        self.backbone, self.key = backbone, key
        self._memory: OrderedDict[str, Tensor] = OrderedDict()

    def features(self, images: Tensor, known: "RealFeatures | None" = None) -> Tensor:
        """Return features (B, D) of images (B, 3, H, W) of uint8, in float32.

        Args:
            images: of one size.
            known: features of real images that are already known; new ones are added.
        """
        keys = [image_key(image) for image in images]
        found = {key: self._memory[key] for key in keys if key in self._memory}
        if known is not None:
            known.open(keys[0])
            found |= {key: known.found[key] for key in keys if key in known.found}
        new = [index for index, key in enumerate(keys) if key not in found]
        for start in range(0, len(new), BATCH):
            chosen = new[start : start + BATCH]
            found |= dict(zip([keys[index] for index in chosen], self.backbone(images[chosen]), strict=True))
        for key in keys:
            self._remember(key, found[key])
            if known is not None:
                known.add(key, found[key])
        return torch.stack([found[key] for key in keys])

    def _remember(self, key: str, vector: Tensor) -> None:
        self._memory[key] = vector
        self._memory.move_to_end(key)
        while len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)


class RealFeatures:
    """Features of one set of real images, cached in a file named after the backbone and the set's first image.

    Every image is found by its content, so only images that have changed are computed again.

    Args:
        key: of the store.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.found: dict[str, Tensor] = {}
        self._path: Path | None = None
        self._used: dict[str, Tensor] = {}

    def open(self, first: str) -> None:
        """Read the file of the set whose first image has this key; later calls do nothing."""
        if self._path is not None:
            return
        self._path = user_cache("features") / f"{self.key}_{first[:16]}.pt"
        try:
            stored = torch.load(self._path, map_location="cpu", weights_only=True)
            self.found = dict(zip(stored["keys"], stored["features"], strict=True))
        except Exception:  # no file yet, or a damaged one: compute all features again
            self.found = {}

    def add(self, key: str, vector: Tensor) -> None:
        """Add the features of an image of the set."""
        self._used[key] = vector

    def save(self) -> None:
        """Write the file, unless it is up to date; errors are ignored, as the features can be computed again."""
        if self._path is None or self._used.keys() == self.found.keys():
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open_atomically(self._path) as file:
                torch.save({"keys": list(self._used), "features": torch.stack(list(self._used.values()))}, file)
        except (OSError, RuntimeError):
            return
        self.found = dict(self._used)
