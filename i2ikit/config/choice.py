"""What to train on a folder of images when no config is named: a choice by their size and number and by the machine."""

import os
import statistics
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from i2ikit.config.data import Folders
from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.environment import free_memory
from i2ikit.errors import DataError, counted
from i2ikit.images import FileList
from i2ikit.images.files import read_header

LARGE, SMALL = "cut/horse2zebra", "cut/stripes"  # published networks, and small ones
SIZES = (256, 128, 64, 32)  # pixels of the crops, the largest first
LOADED = 1.12  # size of the resized image to that of its crop, as published
MEMORY = {256: 6 * 2**30, 128: 3 * 2**30}  # free memory of a GPU that the published networks need, with a reserve
MANY_CORES = 8  # from which small networks train at 128 pixels in an hour or two
SMALLER = 64  # pixels on fewer cores
FEW = 500  # images of a domain; with fewer a discriminator learns them by heart
MOST_STEPS = 100_000  # of a run on a GPU
PUBLISHED_EPOCHS = 400
INSPECTED = 64  # files of each domain whose headers are read


@dataclass(frozen=True)
class FoundImages:
    """The training images of two folders.

    Attributes:
        counts: number of images by domain.
        side: median of their shorter sides in pixels, in the domain where that is smaller.
    """

    counts: dict[str, int]
    side: int


@dataclass(frozen=True)
class Machine:
    """What a training runs on.

    Attributes:
        device: ``"cuda"``, ``"mps"`` or ``"cpu"``.
        cores: of the CPU.
        memory: free bytes of the device; None where it is unknown.
    """

    device: str
    cores: int
    memory: int | None = None


@dataclass(frozen=True)
class Choice:
    """A config with recipes and overrides, and why they were chosen.

    Attributes:
        config: name of a packaged config.
        recipes: names of packaged recipes.
        overrides: ``key.path=value``.
        reasons: a sentence for each decision.
    """

    config: str
    recipes: tuple[str, ...]
    overrides: tuple[str, ...]
    reasons: tuple[str, ...]


def inspect_images(folders: Folders) -> FoundImages:
    """Return the number and the size of the training images of two domains; the headers of some files are read.

    Args:
        folders: a folder with ``trainA`` and ``trainB``, or two folders, ``dict(a=..., b=...)``.

    Raises:
        DataError: a folder is missing or has no images, or none that can be read; the message names it.
    """
    places: dict[str, Any] = dict(folders) if not isinstance(folders, str | Path) else {"root": folders}
    domains = UnpairedFolders(**{"root": ".", **places}, split="train").domains
    sides = [_side(images.files) for images in domains.values()]
    return FoundImages({name: len(images) for name, images in domains.items()}, min(sides))


def _side(files: FileList) -> int:
    """Return the median of the shorter sides of some images.

    Raises:
        DataError: none of them can be read.
    """
    found = []
    for index in range(0, len(files), -(-len(files) // INSPECTED)):
        with suppress(DataError):  # a run has its own rule for single bad files
            header = read_header(files[index])
            found.append(min(header.width, header.height))
    if not found:
        read_header(files[0])
        raise DataError(f"none of the images beside {files[0]} can be read: `i2ikit data check DIR` lists them")
    return round(statistics.median(found))


def inspect_machine(device: torch.device) -> Machine:
    """Return what a training on a device has at its disposal."""
    memory = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()
    return Machine(device.type, os.cpu_count() or 1, memory)


def choose_config(images: FoundImages, machine: Machine) -> Choice:
    """Return a config for training images and a machine."""
    gpu = machine.device == "cuda" and (machine.memory is None or machine.memory >= MEMORY[128])
    config = LARGE if gpu else SMALL
    largest = _largest(machine) if gpu else SIZES[1] if machine.cores >= MANY_CORES else SMALLER
    size = next((each for each in SIZES if each <= min(largest, images.side)), SIZES[-1])
    few, most = min(images.counts.values()), max(images.counts.values())
    overrides = [f"data.load_size={round(size * LOADED / 2) * 2}", f"data.crop_size={size}"]
    where = "a GPU" if gpu else counted(machine.cores, "CPU core")
    networks = "published" if gpu else "small"
    limit = f"a size for {where}" if size == largest else "the largest size that enlarges no image"
    if images.side < SIZES[-1]:
        limit = "the smallest size for these networks, to which the images are enlarged"
    reasons = [
        f"{config}: CUT, which has one generator, with {networks} networks for {where}",
        f"{size} pixels: {limit} (the shorter sides are about {images.side})",
        "recipe fast: small images first, bf16 where the machine is faster in it",
    ]
    recipes = ["fast"]
    if few < FEW:
        recipes.append("small_data")
        reasons.append(f"recipe small_data: {counted(few, 'image')} in a domain, fewer than {FEW}")
    if gpu and most * PUBLISHED_EPOCHS > MOST_STEPS:
        epochs = max(1, MOST_STEPS // most)
        overrides.append(f"train.epochs={epochs}")
        reasons.append(f"{epochs} epochs of {counted(most, 'step')}: at most {MOST_STEPS:,} steps")
    return Choice(config, tuple(recipes), tuple(overrides), tuple(reasons))


def _largest(machine: Machine) -> int:
    fits = (size for size, needed in MEMORY.items() if machine.memory is None or machine.memory >= needed)
    return next(fits, SIZES[-1])
