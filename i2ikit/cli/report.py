"""`i2ikit report`: an HTML report of one run, or of several side by side."""

from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, write
from i2ikit.errors import I2IKitError
from i2ikit.files import nearest_beside
from i2ikit.work_dir import refuse_output

TRACES = ("log.jsonl", "config.json", "samples")  # a folder with one of them is a work directory


def report(
    work_dirs: Annotated[
        list[Path], typer.Argument(metavar="WORK_DIR...", help="Work directories of runs, finished or not.")
    ],
    page: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The report; by default index.html in WORK_DIR, or report.html here for several runs.",
        ),
    ] = None,
    link: Annotated[
        bool,
        typer.Option("--link", help="Link the images as files beside the report instead of embedding them."),
    ] = False,
) -> None:
    """Write an HTML report of a run, or of several side by side.

    It is one file that any browser opens from disk. Of a single run the model card is written too, beside its
    checkpoints.
    """
    for folder in work_dirs:
        check_work_dir(folder)
    if len({folder.resolve() for folder in work_dirs}) < len(work_dirs):
        raise I2IKitError("a work directory is given twice: give each run once.")
    with busy("Writing the report"):
        from i2ikit.report import write_card, write_report

        card = write_card(work_dirs[0]) if page is None and len(work_dirs) == 1 else None
        page = page or (Path("report.html") if len(work_dirs) > 1 else work_dirs[0] / "index.html")
        refuse_output(page, "report.html")
        written = write_report(work_dirs, page, linked=link)
    size = written.stat().st_size / 2**20
    write(f"report {written} ({size:.1f} MiB)")
    if card is not None:
        write(f"model card {card}")


def check_work_dir(folder: Path) -> None:
    """Raise I2IKitError unless a folder has files of a run."""
    if not folder.is_dir():
        raise I2IKitError(f"there is no folder {folder}.{nearest_beside(folder)} Name a run's work directory.")
    from i2ikit.inference.hub import WEIGHTS

    if (folder / WEIGHTS).exists():
        raise I2IKitError(f"{folder} is a published model, not a work directory: its page is README.md.")
    if not any((folder / trace).exists() for trace in TRACES):
        inside = sorted(path.name for path in folder.iterdir() if any((path / trace).exists() for trace in TRACES))
        hint = f" Work directories in it: {', '.join(inside[:5])}." if inside else ""
        raise I2IKitError(
            f"{folder} is not a work directory: it has neither {', '.join(TRACES[:-1])} nor {TRACES[-1]}.{hint}"
        )
