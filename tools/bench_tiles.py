"""Compares the translation of a photo in tiles with that of the whole photo, and measures the memory of both.

    python tools/bench_tiles.py CHECKPOINT PHOTO --side 2048 --memory 1GB

The photo is enlarged to a square of that side. Each translation runs in a process of its own, so that the peak of its
resident memory can be read; `--tiles-only` leaves out the whole one, which may not fit. Printed are the mean and the
largest difference in levels of 8 bits, and how large steps between neighboring pixels are across the borders of tiles,
relative to those of the whole photo at the same place (1 for no seam).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from i2ikit.cli.translate import _memory as parse_memory
from i2ikit.inference import Translator
from i2ikit.inference.tiling import translation

MB = 2**20
LEVELS = 127.5  # of a value in -1..1


def main(arguments: list[str] | None = None) -> None:
    """Translate in new processes, and print the comparison."""
    options = _parser().parse_args(arguments)
    if options.output:
        _translate(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for kind in ("tiles",) if options.tiles_only else ("tiles", "whole"):
            output = Path(folder, f"{kind}.npy")
            command = [sys.executable, __file__, options.checkpoint, options.photo, f"--side={options.side}"]
            command += [f"--output={output}", *([f"--memory={options.memory}"] if kind == "tiles" else [])]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
            found[kind] = {**json.loads(done.stdout.splitlines()[-1]), "pixels": np.load(output)}
    for kind, each in found.items():
        print(f"{kind}: {each['seconds']:.0f} s, {each['growth']:.0f} MB on top of {each['before']:.0f} MB")
    tiles = found["tiles"]
    print(f"tiles of {tiles['side']} pixels with a halo of {tiles['halo']}: {len(tiles['rows'])} rows of tiles")
    if "whole" in found:
        _compare(tiles, found["whole"]["pixels"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("photo")
    parser.add_argument("--side", type=int, default=2048, help="pixels")
    parser.add_argument("--memory", help="that tiles may take, such as 1GB")
    parser.add_argument("--tiles-only", action="store_true")
    parser.add_argument("--output", help=argparse.SUPPRESS)
    return parser


def _translate(options: argparse.Namespace) -> None:
    """Translate in this process, write the output, and print what it took."""
    about: dict[str, Any] = {"rows": [], "side": 0, "halo": 0}
    blended, plan_tiles = translation.blended, translation.plan_tiles

    def noted_blended(rows: Any, columns: Any, *others: Any) -> Any:
        about["rows"] = [row.core[0] for row in rows]
        about["columns"] = [column.core[0] for column in columns]
        return blended(rows, columns, *others)

    def noted_plan(memory: float, per_pixel: float, width: int, halo: int, multiple: int) -> Any:
        plan = plan_tiles(memory, per_pixel, width, halo, multiple)
        about.update(side=plan.tile, halo=halo)
        return plan

    translation.blended, translation.plan_tiles = noted_blended, noted_plan  # type: ignore[assignment]
    with Image.open(options.photo) as photo:
        square = photo.convert("RGB").resize((options.side, options.side), Image.Resampling.BICUBIC)
    x = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None].float() / LEVELS - 1
    memory = None if options.memory is None else parse_memory(options.memory)
    translator = Translator.load(options.checkpoint, "cpu", memory=memory)
    before, start = _peak(), time.monotonic()
    output = translator.network(x)
    about.update(seconds=time.monotonic() - start, before=before, growth=_peak() - before)
    np.save(options.output, output[0].numpy())
    print(json.dumps(about))


def _peak() -> float:
    """Return the most resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


def _compare(tiles: dict[str, Any], whole: np.ndarray) -> None:
    apart = np.abs(tiles["pixels"] - whole) * LEVELS
    print(f"difference: mean {apart.mean():.4f}, largest {apart.max():.2f} of 255 levels")
    for name, axis in (("rows", 1), ("columns", 2)):
        borders = [border for border in tiles[name] if border]
        if borders:
            at = [np.abs(np.diff(image, axis=axis)).take(np.subtract(borders, 1), axis).mean() for image in
                  (tiles["pixels"], whole)]  # fmt: skip
            print(f"steps across the borders of {name}: {at[0] / at[1]:.4f} times those of the whole photo")


if __name__ == "__main__":
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(MB))
    main()
