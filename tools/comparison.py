"""Refresh a page of the docs from comparisons: `python tools/comparison.py stripes=runs/compare_stripes`.

NAME=DIR puts the figures of the comparison in DIR (of tools/benchmark.py) between the comments `<!-- begin NAME -->`
and `<!-- end NAME -->` of docs/comparison.md, and its images into docs/images/comparison. The rest stays.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from i2ikit.benchmark.document import describe, drawn, examples, fill
from i2ikit.benchmark.folder import runs
from i2ikit.benchmark.output import write_results
from i2ikit.benchmark.plan import BenchmarkError, read_plan
from i2ikit.benchmark.summary import summarize
from i2ikit.cli.console import complain
from i2ikit.errors import I2IKitError
from i2ikit.files import write_atomically

ROOT = Path(__file__).parents[1]


def refresh(page: Path, images: Path, name: str, folder: Path) -> None:
    """Put the figures and images of one comparison into a page."""
    plan = read_plan(folder)
    found = runs(plan, folder)
    results = summarize(plan, folder)
    write_results(folder, results, found)
    text = fill(
        page.read_text("utf-8"),
        name,
        describe(results, found, name, Path(os.path.relpath(images, page.parent)).as_posix()),
    )
    images.mkdir(parents=True, exist_ok=True)
    shown = examples(found)
    if shown is None:
        raise BenchmarkError(f"no run in {folder} is finished, so there is nothing to show.")
    shown.quantize(256).save(images / f"{name}_examples.png", optimize=True)
    for plot in drawn(results):
        with Image.open(folder / "plots" / f"{plot}.png") as image:
            image.convert("RGB").quantize(64).save(images / f"{name}_{plot}.png", optimize=True)
    write_atomically(page, text.encode())


def main(arguments: Sequence[str]) -> int:
    """Run the program; a user's error is one message."""
    parser = argparse.ArgumentParser(prog="comparison.py", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("comparisons", nargs="+", metavar="NAME=DIR", help="block of the page, folder of a comparison")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "comparison.md")
    parser.add_argument("--images", type=Path, help="folder of images; by default images/comparison beside the page")
    options = parser.parse_args(arguments)
    images = options.images or options.page.parent / "images" / "comparison"
    try:
        for text in options.comparisons:
            name, _, folder = text.partition("=")
            if not folder:
                raise BenchmarkError(f"{text!r} names no folder: write NAME=DIR, such as stripes=runs/benchmark.")
            refresh(options.page, images, name, Path(folder))
    except I2IKitError as error:
        complain(str(error))
        return error.exit_code
    print(f"{options.page} is refreshed; the images are in {images}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
