"""Compare how fast training images are read: `python tools/bench_data.py [--data DIR]`.

The pipelines take turns on the same files, in one process and on one thread:

- the published one: Pillow, and torchvision's Resize to 286 (bicubic), RandomCrop to 256, RandomHorizontalFlip,
  ToTensor, Normalize;
- ours, exact, without a cache and with a warm one in memory or on a disk;
- ours, not exact: with ``quick=True`` of the transform, and with ``draft=True`` of the data set besides.

It prints images per second of one worker, by processor time, and the ratio to the published pipeline: the median over
the rounds of the ratio within a round. Before that it compares the tensors.

Without --data it makes photo-like JPEGs of 500 x 500 pixels: soft shapes with the noise of a camera. Draft mode gains
where images are at least twice as large as 286 pixels: try --size 1000.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms

from i2ikit.data.cache import ImageCache
from i2ikit.datasets.domains import DomainImages
from i2ikit.images import FileList, Reader, list_images
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip

LOAD, CROP = 286, 256
QUALITY = 92
Pipeline = Callable[[str], Tensor]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compare how fast training images are read.")
    parser.add_argument("--data", type=Path, help="a folder of images; without it they are made")
    parser.add_argument("--size", type=int, default=500, help="height and width of made images")
    parser.add_argument("--count", type=int, default=64, help="images to take")
    parser.add_argument("--rounds", type=int, default=7, help="rounds over all of them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.data or make_photos(Path(scratch) / "photos", arguments.count, arguments.size)
        files = FileList("", list(list_images(folder))[: arguments.count])
        kept = Path(scratch) / "cache"
        print(f"{len(files)} images of {folder}, {Image.open(files[0]).size[0]} pixels wide the first")
        report(time_in_turns(pipelines(files, kept), files, arguments.rounds))


def make_photos(folder: Path, count: int, size: int) -> Path:
    """Write JPEGs with the detail and the noise of photos."""
    folder.mkdir(parents=True)
    for number in range(count):
        random = np.random.default_rng(number)
        shapes = sum(_shapes(random, cells, size) / cells**0.7 for cells in (3, 9, 27, 81))
        pixels = 128 + 55 * shapes + random.normal(0, 4, (size, size, 1))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:04d}.jpg", quality=QUALITY)
    return folder


def _shapes(random: np.random.Generator, cells: int, size: int) -> np.ndarray:
    grid = random.normal(size=(cells, cells, 3)).astype(np.float32)
    planes = [Image.fromarray(grid[:, :, c]).resize((size, size), Image.Resampling.BICUBIC) for c in range(3)]
    return 3 * np.stack([np.asarray(plane) for plane in planes], axis=2)


def published() -> Pipeline:
    """Return the pipeline of the published code."""
    steps = transforms.Compose(
        [
            transforms.Resize([LOAD, LOAD], transforms.InterpolationMode.BICUBIC),
            transforms.RandomCrop(CROP),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    return lambda path: steps(Image.open(path).convert("RGB"))


def ours(files: FileList, *, quick: bool = False, draft: bool = False, remember: ImageCache | None = None) -> Pipeline:
    """Return the pipeline of a data set's domain."""
    images = DomainImages(files, Reader(), ResizeCropFlip(LOAD, CROP, quick=quick), draft=draft)
    images.remember = remember
    return lambda path: images.finish(images.fixed(path), path)


def pipelines(files: FileList, folder: Path) -> dict[str, Pipeline]:
    """Return the pipelines by name, the published one first, caches filled; exact ones are compared with it."""
    found = {
        "published": published(),
        "ours": ours(files),
        "ours, cached": ours(files, remember=ImageCache(folder)),
        "ours, quick": ours(files, quick=True),
        "ours, quick draft": ours(files, quick=True, draft=True),
    }
    for name, pipeline in found.items():
        if "cached" in name:
            [pipeline(path) for path in files]
        differences = [
            (seeded_image(pipeline, path) - seeded_image(found["published"], path)).abs().max().item() for path in files
        ]
        levels = max(differences) * 127.5
        print(
            f"{name:<17} {'identical pixels' if levels == 0 else f'pixels differ by up to {levels:.0f} of 255 levels'}"
        )
    return found


def seeded_image(pipeline: Pipeline, path: str) -> Tensor:
    """Return an image, prepared with the random numbers of a seed."""
    torch.manual_seed(1)
    return pipeline(path)


def time_in_turns(found: Mapping[str, Pipeline], files: FileList, rounds: int) -> dict[str, list[float]]:
    """Return seconds per image, a number for each round; the pipelines take turns image by image."""
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        spent = dict.fromkeys(found, 0.0)
        for path in files:
            for name, pipeline in found.items():
                start = time.process_time()
                pipeline(path)
                spent[name] += time.process_time() - start
        for name, total in spent.items():
            seconds[name].append(total / len(files))
    return seconds


def report(seconds: Mapping[str, list[float]]) -> None:
    """Print images per second and ratios."""
    for name, found in seconds.items():
        ratio = median(base / each for base, each in zip(seconds["published"], found, strict=True))
        print(f"{name:<17} {1 / median(found):7.1f} images/s  x{ratio:.2f}")


if __name__ == "__main__":
    main()
