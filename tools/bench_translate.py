"""How fast a folder is translated beside a plain loop: `python tools/bench_translate.py [--images N]`.

Both translate the same photos with the same generator, by default one of the published size with random weights: the
plain loop opens with Pillow, runs batches of one in float32 in the default layout, and saves, one after the other. They
take turns with parts of the photos, so that whatever else the machine does slows both down. It prints images a second,
the ratio to the plain loop (of all parts, and its range), and the largest difference of a value.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import nn

from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator
from i2ikit.inference.network import TranslationNetwork
from i2ikit.ops.pixels import image_to_tensor


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=200, help="number of photos")
    parser.add_argument("--size", type=int, default=256, help="pixels of their sides")
    parser.add_argument("--part", type=int, default=50, help="photos of a turn, a folder of its own")
    parser.add_argument("--checkpoint", help="a trained generator instead of random weights")
    parser.add_argument("--precision", nargs="*", default=["fp32", "bf16"], help="what is measured beside the loop")
    parser.add_argument("--batch", type=int, help="images at a time")
    parser.add_argument("--workers", type=int, help="threads that read and write files")
    options = parser.parse_args()
    generator = published() if options.checkpoint is None else Translator.load(options.checkpoint).network.generator
    ways: dict[str, Callable[[Path, Path], object]] = {"plain loop": lambda a, b: plain(generator, a, b)}
    for precision in options.precision:
        ways[precision] = folder_of(generator, precision, options.batch, options.workers)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        parts = make(root, options.images, options.size, options.part)
        show(measure(ways, parts, root), options.images)
        for precision in options.precision:
            print(
                f"{precision}: values differ by at most {difference(generator, precision, parts[0]):.3g} of 255 levels"
            )


def published() -> nn.Module:
    """Return a generator of the published size, with weights that keep values away from the ends of their range."""
    torch.manual_seed(0)
    return ResNetGenerator(init="normal", init_gain=0.02).eval()


def folder_of(
    generator: nn.Module, precision: str, batch: int | None, workers: int | None
) -> Callable[[Path, Path], object]:
    """Return a function that translates a folder."""
    translator = Translator(TranslationNetwork(generator, precision=precision))
    return lambda source, output: translator.folder(source, output, batch=batch, workers=workers)


def make(root: Path, count: int, size: int, part: int) -> list[Path]:
    """Write photos, smooth noise as JPEG files, into folders of a part each."""
    random = np.random.default_rng(0)
    for index in range(count):
        noise = Image.fromarray(random.integers(0, 255, (size, size, 3), np.uint8)).filter(ImageFilter.GaussianBlur(4))
        path = root / "in" / f"{index // part:04}" / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise.point(lambda value: min(255, max(0, (value - 128) * 6 + 128))).save(path, quality=92)
    return sorted((root / "in").iterdir())


def plain(generator: nn.Module, source: Path, output: Path) -> None:
    """Translate a folder as a plain loop does."""
    output.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"), np.float32)
        x = torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)[None]  # (1, 3, H, W)
        with torch.no_grad():
            y = generator(x)[0].clamp(-1, 1)
        levels = ((y + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(output / path.name, quality=95, subsampling=0)


def measure(ways: dict[str, Callable[[Path, Path], object]], parts: list[Path], root: Path) -> dict[str, list[float]]:
    """Return the seconds of each part by way; the ways take turns, in changing order, after one turn to warm up."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for way, translate in ways.items():
        translate(parts[0], root / "warm" / way)
    for number, part in enumerate(parts):
        order = list(ways.items())
        for way, translate in order if number % 2 == 0 else reversed(order):
            start = time.perf_counter()
            translate(part, root / way / part.name)
            seconds[way].append(time.perf_counter() - start)
    return seconds


def show(seconds: dict[str, list[float]], images: int) -> None:
    """Print a line for each way."""
    print(f"{images} images, {torch.get_num_threads()} cores")
    base = next(iter(seconds.values()))
    for way, each in seconds.items():
        ratios = [b / s for b, s in zip(base, each, strict=True)]
        print(
            f"{way:<12}{images / sum(each):8.2f} images/s{sum(base) / sum(each):8.2f} times the plain loop"
            f"  (median of parts {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f})"
        )


def difference(generator: nn.Module, precision: str, part: Path) -> float:
    """Return the largest difference of a value from that of the plain generator, for the first image of a part."""
    with Image.open(next(part.iterdir())) as image:
        x = image_to_tensor(image.convert("RGB"))[None]
    with torch.no_grad():
        expected = generator(x).clamp(-1, 1)
    return float((TranslationNetwork(generator, precision=precision)(x) - expected).abs().max()) * 127.5


if __name__ == "__main__":
    main()
