"""Say how well unpaired metrics tell which model is better: `python tools/rank_correlation.py runs/enco_stripes`.

Reads the measurements in the logs of one or more runs whose test images are pairs, and prints Spearman's rank
correlation of each number that needs no truth with each one that does; 1 is the same order, -1 the opposite. Give a run
many measurements with `--set evaluation.every=N`.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from i2ikit.cli.console import complain
from i2ikit.errors import DataError, I2IKitError
from i2ikit.ops.rank import rank_correlations
from i2ikit.report.record import read_lines, scalars

LEAST = 3  # measurements; with fewer a correlation says nothing


def correlations(folders: Sequence[Path]) -> tuple[dict[str, dict[str, float]], int]:
    """Return the correlations over all measurements of these work directories, and how many measurements there are.

    Raises:
        DataError: there are fewer than 3, or none has paired truth.
    """
    lines = [line for folder in folders for line in read_lines(folder / "log.jsonl") if line.get("event") == "metrics"]
    named = ", ".join(map(str, folders))
    if len(lines) < LEAST:
        raise DataError(
            f"{named}: {len(lines)} measurements, at least {LEAST} are needed. Train with `--set evaluation.every=N`."
        )
    better = {name: way for line in lines for name, way in line.get("better", {}).items()}
    truth = {name for line in lines for name in line.get("paired", []) if name in better}
    if not truth:
        raise DataError(f"{named}: no measurement has paired truth, such as `--set metrics.truth.type=PSNR` takes.")
    return rank_correlations([scalars(line.get("metrics")) for line in lines], truth, better), len(lines)


def show(found: dict[str, dict[str, float]], count: int, console: Console) -> None:
    """Print a row for each number that needs no truth."""
    table = Table(f"{count} measurements", box=None, pad_edge=False, header_style="bold")
    columns = list(dict.fromkeys(name for row in found.values() for name in row))
    for name in columns:
        table.add_column(name, justify="right")
    for name, row in found.items():
        cells = ("" if math.isnan(row[column]) else f"{row[column]:+.2f}" for column in columns)
        table.add_row(name, *cells)
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(prog="rank_correlation.py", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("runs", nargs="+", type=Path, metavar="WORK_DIR", help="of a run")
    try:
        show(*correlations(parser.parse_args(arguments).runs), Console(highlight=False))
    except I2IKitError as error:
        complain(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
