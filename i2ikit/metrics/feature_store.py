"""A cache of image features by content: in memory, and for real images also on disk."""

import functools
import hashlib
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from i2ikit.files import open_atomically, user_cache
from i2ikit.metrics.backbones import INCEPTION, Backbone, Classifier, Inception

IN_MEMORY = 8192  # vectors; 64 MB for Inception


def image_key(image: Tensor) -> str:
    """Return a hash of the content of an image (C, H, W) of uint8."""
    content = image.contiguous().numpy().tobytes() + str(tuple(image.shape)).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


@functools.cache
def shared_store(backbone: str, weights: str | Path | None, resizing: str, size: int) -> "FeatureStore":
    """Return the store that all metrics of this process with the same arguments share; see ``FeatureDistance``."""
    if backbone == INCEPTION:
        return FeatureStore(Inception(weights, resizing))
    return FeatureStore(Classifier(backbone, weights, resizing, size=size))


class FeatureStore:
    """Computes each feature vector once.

    Args:
        backbone: loaded at the first use.
    """

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone
        self._memory: OrderedDict[str, Tensor] = OrderedDict()

    def features(self, images: Tensor, *, on_disk: bool = False) -> Tensor:
        """Return features (B, D) of images (B, 3, H, W) of uint8, in float32.

        Args:
            images: of one size.
            on_disk: whether vectors are read from the user's cache folder and written to it.
        """
        self.backbone.load()
        folder = self._folder() if on_disk else None
        keys = [image_key(image) for image in images]
        found = {key: vector for key in keys if (vector := self._known(key, folder)) is not None}
        new = {key: index for index, key in enumerate(keys) if key not in found}
        if new:
            computed = dict(zip(new, self.backbone(images[list(new.values())]), strict=True))
            found |= computed
            if folder is not None:
                _write(folder, computed)
        for key in keys:
            self._memory[key] = found[key]
            self._memory.move_to_end(key)
        while len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)
        return torch.stack([found[key] for key in keys])

    def _folder(self) -> Path:
        """Return the folder for this network with its weights and resizing."""
        about = repr(sorted(self.backbone.protocol().items()))
        return user_cache("features") / hashlib.blake2b(about.encode(), digest_size=8).hexdigest()

    def _known(self, key: str, folder: Path | None) -> Tensor | None:
        if key in self._memory or folder is None:
            return self._memory.get(key)
        try:
            return torch.from_numpy(np.load(folder / f"{key}.npy"))
        except (OSError, ValueError, EOFError):  # no file yet, or a damaged one: compute the features again
            return None


def _write(folder: Path, vectors: dict[str, Tensor]) -> None:
    with suppress(OSError):  # the features can be computed again
        folder.mkdir(parents=True, exist_ok=True)
        for key, vector in vectors.items():
            with open_atomically(folder / f"{key}.npy") as file:
                np.save(file, vector.numpy())
