"""A cache of image features by content: in memory, and for real images also on disk."""

import hashlib
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
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
    """Return the store that all metrics of this process with the same network, weights and resizing share."""
    key = hashlib.blake2b(repr(sorted(backbone.protocol().items())).encode(), digest_size=8).hexdigest()
    return _stores.setdefault(key, FeatureStore(backbone, key))


class FeatureStore:
    """Computes each feature vector once.

    Args:
        backbone: loaded.
        key: identifies backbone, weights and resizing.
    """

    def __init__(self, backbone: Backbone, key: str) -> None:
        self.backbone = backbone
        self.folder = user_cache("features") / key
        self._memory: OrderedDict[str, Tensor] = OrderedDict()

    def features(self, images: Tensor, *, on_disk: bool = False) -> Tensor:
        """Return features (B, D) of images (B, 3, H, W) of uint8, in float32.

        Args:
            images: of one size.
            on_disk: whether vectors are read from the user's cache folder and written to it.
        """
        keys = [image_key(image) for image in images]
        found = {key: vector for key in keys if (vector := self._known(key, on_disk)) is not None}
        new = [index for index, key in enumerate(keys) if key not in found]
        for start in range(0, len(new), BATCH):
            chosen = new[start : start + BATCH]
            computed = dict(zip([keys[index] for index in chosen], self.backbone(images[chosen]), strict=True))
            found |= computed
            if on_disk:
                self._write(computed)
        for key in keys:
            self._remember(key, found[key])
        return torch.stack([found[key] for key in keys])

    def _known(self, key: str, on_disk: bool) -> Tensor | None:
        if key in self._memory or not on_disk:
            return self._memory.get(key)
        try:
            return torch.from_numpy(np.load(self._path(key)))
        except (OSError, ValueError, EOFError):  # no file yet, or a damaged one: compute the features again
            return None

    def _write(self, vectors: dict[str, Tensor]) -> None:
        with suppress(OSError):  # the features can be computed again
            self.folder.mkdir(parents=True, exist_ok=True)
            for key, vector in vectors.items():
                with open_atomically(self._path(key)) as file:
                    np.save(file, vector.numpy())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"

    def _remember(self, key: str, vector: Tensor) -> None:
        self._memory[key] = vector
        self._memory.move_to_end(key)
        while len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)
