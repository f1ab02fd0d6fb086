"""The folder of a run: where everything is, and that no run writes over another."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from i2ikit.config import dump_config
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint
from i2ikit.engine.reporter import Reporter
from i2ikit.errors import CheckpointError, I2IKitError, RunError
from i2ikit.files import TEMPORARY, write_atomically

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class WorkDirError(I2IKitError):
    """A work directory already holds a run, or holds none to go on with."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while writing there into one message.

    Raises:
        RunError: the disk is full, or has become read-only.
        WorkDirError: the folder, or something in it, cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise RunError(
                f"cannot write to {folder}: {error.strerror}. Checkpoints that are there are whole: make room, and go "
                "on with the same command and --resume."
            ) from error
        if error.filename is None or not _related(Path(error.filename).absolute(), folder.absolute()):
            raise
        raise WorkDirError(f"cannot write to {folder}: {error}. Choose another folder: --work-dir DIR.") from error


class WorkDir:
    """Names of the files of a run.

    Attributes:
        path: the folder.
        log: ``log.jsonl``.
        samples: folder of grids.
        checkpoints: folder of checkpoints.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log.jsonl"
        self.samples = path / "samples"
        self.checkpoints = path / "checkpoints"

    def refuse_another_run(self) -> None:
        """Raise WorkDirError if a run has saved checkpoints here."""
        if self.list_checkpoints():
            raise WorkDirError(
                f"{self.path} already holds a run. Go on with it: --resume. Keep it and start anew: --work-dir DIR."
            )

    def holds_run(self) -> bool:
        """Say whether a run has begun here."""
        return self.log.exists() or bool(self.list_checkpoints())

    def clean(self) -> None:
        """Remove what a run that was killed left half written."""
        for folder in (self.path, self.checkpoints, self.samples):
            for left in folder.glob(f".*{TEMPORARY}"):
                left.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove log and samples that a run left which ended before its first checkpoint."""
        self.log.unlink(missing_ok=True)
        self.best_checkpoint.unlink(missing_ok=True)
        for left in [*self.samples.glob("step_*.png"), *self.samples.glob("step_*.json")]:
            left.unlink()

    def checkpoint(self, step: int) -> Path:
        """Return where the checkpoint after ``step`` is."""
        return self.checkpoints / f"step_{step:06d}.pt"

    @property
    def best_checkpoint(self) -> Path:
        """Where the best checkpoint is, for a run that keeps one."""
        return self.checkpoints / "best.pt"

    def list_checkpoints(self) -> list[Path]:
        """Return the checkpoints that are there, oldest first."""
        return sorted(self.checkpoints.glob("step_*.pt"), key=_age)

    def drop_checkpoints_before(self, newest: Path, keep: int, keep_every: int | None = None) -> None:
        """Remove the oldest checkpoints up to ``newest``, so that ``keep`` of them stay, ``newest`` among them.

        Those of steps that ``keep_every`` divides stay too.
        """
        older = [path for path in self.list_checkpoints() if _age(path) <= _age(newest)]
        for path in older[:-keep]:
            if keep_every is None or _step(path) % keep_every:
                path.unlink(missing_ok=True)

    def read_newest_checkpoint(self, reporter: Reporter) -> Checkpoint:
        """Return the newest checkpoint that is whole; each newer one that is not is told to the reporter.

        Raises:
            WorkDirError: there is none.
        """
        found = self.list_checkpoints()
        for path in reversed(found):
            try:
                return read_checkpoint(path)
            except CheckpointError as error:
                reporter.note(f"Left out: {error}")
        reason = "all of them are damaged" if found else "no run has saved one there; start it without --resume"
        raise WorkDirError(f"there is no checkpoint to resume from in {self.checkpoints}: {reason}")

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write the resolved config as Python (``config.py``) and as JSON (``config.json``)."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path / "config.py", dump_config(config).encode())
        write_atomically(self.path / "config.json", json.dumps(config, indent=2).encode())


def choose_checkpoint(path: Path) -> Path:
    """Return a checkpoint itself; of a work directory the best checkpoint, or the newest where the run kept no best.

    Raises:
        CheckpointError: the directory has none.
    """
    if not path.is_dir():
        return path
    folder = WorkDir(path)
    if folder.best_checkpoint.exists():
        return folder.best_checkpoint
    found = folder.list_checkpoints()
    if not found:
        raise CheckpointError(f"there is no checkpoint in {folder.checkpoints}; is {path} the work directory of a run?")
    return found[-1]


def _related(path: Path, folder: Path) -> bool:
    """Say whether a path is a folder, lies in it, or is above it."""
    return path in folder.parents or folder in (path, *path.parents)


def _step(path: Path) -> int:
    """Return the step of a checkpoint; 1, which is no multiple, of a file that somebody gave another name."""
    digits = path.stem.removeprefix("step_")
    return int(digits) if digits.isdecimal() else 1


def _age(path: Path) -> tuple[int, str]:
    """Return what orders files of steps, also beyond the digits that a name has at least."""
    return len(path.stem), path.stem
