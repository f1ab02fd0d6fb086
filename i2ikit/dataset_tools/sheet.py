"""Draws an image of several domains: samples, mean images and histograms."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from i2ikit.dataset_tools.compare import DomainSample
from i2ikit.errors import DataError

TILE = 96  # pixels
SAMPLES = 8
MARGIN, TEXT = 8, 18  # pixels
BINS = 48
CHANNELS = ("#c62828", "#2e7d32", "#1565c0")


def write_sheet(path: str | Path, domains: Sequence[DomainSample], captions: Sequence[str]) -> Path:
    """Write an image with one row per domain: eight samples, the mean image, a histogram of the channels.

    Args:
        path: the file, in the format of its extension; the folder is made.
        domains: >= 1.
        captions: of the rows.

    Raises:
        DataError: the file cannot be written.
    """
    row = TEXT + TILE + MARGIN
    sheet = Image.new("RGB", ((SAMPLES + 2) * (TILE + MARGIN) + MARGIN, len(domains) * row + MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (domain, caption) in enumerate(zip(domains, captions, strict=True)):
        top = MARGIN + number * row
        draw.text((MARGIN, top), caption, fill="black")
        tiles = [_tile(image) for image in domain.images[:SAMPLES]]
        tiles += [_tile(domain.images.mean(dim=0)), _histogram(domain.images)]
        columns = [*range(len(tiles) - 2), SAMPLES, SAMPLES + 1]  # few samples leave a gap
        for column, tile in zip(columns, tiles, strict=True):
            sheet.paste(tile, (MARGIN + column * (TILE + MARGIN), top + TEXT))
    target = Path(path).expanduser()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(target)
    except (OSError, ValueError) as error:
        raise DataError(f"the image {target} cannot be written: {error}. Name it with --image FILE.png.") from error
    return target


def _tile(image: Tensor) -> Image.Image:
    pixels = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()  # (H, W, 3)
    return Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.BICUBIC)


def _histogram(images: Tensor) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE), "#f4f4f4")
    draw = ImageDraw.Draw(tile)
    for channel, color in enumerate(CHANNELS):
        counts, _ = np.histogram(images[:, channel].numpy(), bins=BINS, range=(0, 1))
        heights = counts / max(counts.max(), 1) * (TILE - 2)
        points = [(2 * index + 1, TILE - 1 - height) for index, height in enumerate(heights.tolist())]
        draw.line(points, fill=color, width=1)
    return tile
