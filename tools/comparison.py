"""Refresh a page of the docs from comparisons: `python tools/comparison.py stripes=runs/compare_stripes`.

NAME=DIR puts the figures of the comparison in DIR (of tools/benchmark.py) between the comments `<!-- begin NAME -->`
and `<!-- end NAME -->` of docs/comparison.md, and its pictures into docs/pictures/comparison. The rest stays.
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
from i2ikit.benchmark.summary import summarise
from i2ikit.cli.console import complain
from i2ikit.errors import I2IKitError
from i2ikit.files import write_atomically

ROOT = Path(__file__).parents[1]


def refresh(page: Path, pictures: Path, name: str, folder: Path) -> None:
    """Put the figures and pictures of one comparison into a page."""
    plan = read_plan(folder)
    found = runs(plan, folder)
    results = summarise(plan, folder)
    write_results(folder, results, found)
    text = fill(
        page.read_text("utf-8"),
        name,
        describe(results, found, name, Path(os.path.relpath(pictures, page.parent)).as_posix()),
    )
    pictures.mkdir(parents=True, exist_ok=True)
    shown = examples(found)
    if shown is None:
        raise BenchmarkError(f"no run in {folder} is finished, so there is nothing to show.")
    shown.quantize(256).save(pictures / f"{name}_examples.png", optimize=True)
    for plot in drawn(results):
        with Image.open(folder / "plots" / f"{plot}.png") as picture:
            picture.convert("RGB").quantize(64).save(pictures / f"{name}_{plot}.png", optimize=True)
    write_atomically(page, text.encode())


def main(arguments: Sequence[str]) -> int:
    """Run the program; a user's mistake is one message."""
    parser = argparse.ArgumentParser(prog="comparison.py", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("comparisons", nargs="+", metavar="NAME=DIR", help="block of the page, folder of a comparison")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "comparison.md")
    parser.add_argument(
        "--pictures", type=Path, help="folder of pictures; by default pictures/comparison beside the page"
    )
    options = parser.parse_args(arguments)
    pictures = options.pictures or options.page.parent / "pictures" / "comparison"
    try:
        for text in options.comparisons:
            name, _, folder = text.partition("=")
            if not folder:
                raise BenchmarkError(f"{text!r} names no folder: write NAME=DIR, such as stripes=runs/benchmark.")
            refresh(options.page, pictures, name, Path(folder))
    except I2IKitError as error:
        complain(str(error))
        return error.exit_code
    print(f"{options.page} is refreshed; the pictures are in {pictures}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
