"""Small data sets of images that differ."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Paint = Callable[..., Path]


@pytest.fixture
def paint(tmp_path: Path) -> Paint:
    """Writes an image of soft blobs that depend on a seed, below the temporary folder."""

    def paint(name: str, seed: int, size: tuple[int, int] = (48, 40), tint: tuple[int, int, int] = (0, 0, 0)) -> Path:
        rng = np.random.default_rng(seed)
        small = Image.fromarray(rng.integers(0, 180, (6, 6, 3), dtype=np.uint8) + np.array(tint, dtype=np.uint8))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        small.resize(size, Image.Resampling.BICUBIC).save(path)
        return path

    return paint


@pytest.fixture
def root(tmp_path: Path, paint: Paint) -> Path:
    """Two domains, A reddish and B bluish, ten images each to train and eight to test."""
    for number, (folder, count) in enumerate((("trainA", 10), ("trainB", 10), ("testA", 8), ("testB", 8))):
        for k in range(count):
            paint(f"{folder}/{k}.png", 100 * number + k, tint=(70, 0, 0) if folder.endswith("A") else (0, 0, 70))
    return tmp_path
