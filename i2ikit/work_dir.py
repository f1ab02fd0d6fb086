"""The work directory of a run: where its files are, and that no run overwrites another."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from i2ikit.errors import CheckpointError, I2IKitError, RunError
from i2ikit.files import FULL, TEMPORARY, describe_os_error, unusable_path


class WorkDirError(I2IKitError):
    """A work directory already holds a run, or holds none to resume, or cannot be written."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn errors of writing to a folder into one message.

    Raises:
        RunError: the disk is full, or has become read-only.
        WorkDirError: the folder, or something in it, cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise RunError(
                f"cannot write to {folder}: {describe_os_error(error)}. The existing checkpoints are intact: make "
                "room, and resume with the same command and --resume."
            ) from error
        if error.filename is None or not _related(Path(error.filename).absolute(), folder.absolute()):
            raise
        raise WorkDirError(
            f"cannot write to {folder}: {unusable_path(error) or error}. Choose another folder: --work-dir DIR."
        ) from error


class WorkDir:
    """Paths of the files of a run.

    Attributes:
        path: the folder.
        log: ``log.jsonl``.
        samples: folder of sample images.
        checkpoints: folder of checkpoints.
        trackers: ``trackers.json``, the ids of the run at its trackers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log.jsonl"
        self.samples = path / "samples"
        self.checkpoints = path / "checkpoints"
        self.trackers = path / "trackers.json"

    def refuse_another_run(self) -> None:
        """Raise WorkDirError if a run has saved checkpoints here."""
        if self.list_checkpoints():
            raise WorkDirError(
                f"{self.path} already holds a run. Resume it: --resume. Keep it and start a new one: --work-dir DIR."
            )

    def holds_run(self) -> bool:
        """Return whether a run has started here."""
        return self.log.exists() or bool(self.list_checkpoints())

    def remove_partial_files(self) -> None:
        """Remove files that a killed run was still writing."""
        for folder in (self.path, self.checkpoints, self.samples):
            for left in folder.glob(f".*{TEMPORARY}"):
                left.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove log, samples and ids of a run that ended before its first checkpoint."""
        self.log.unlink(missing_ok=True)
        self.trackers.unlink(missing_ok=True)
        self.best_checkpoint.unlink(missing_ok=True)
        shutil.rmtree(self.samples, ignore_errors=True)

    def checkpoint(self, step: int) -> Path:
        """Return the path of the checkpoint after ``step``."""
        return self.checkpoints / f"step_{step:06d}.pt"

    @property
    def best_checkpoint(self) -> Path:
        """Path of the best checkpoint, for a run that keeps one."""
        return self.checkpoints / "best.pt"

    def list_checkpoints(self) -> list[Path]:
        """Return the existing checkpoints, oldest first."""
        return sorted(self.checkpoints.glob("step_*.pt"), key=_age)

    def drop_checkpoints_before(self, newest: Path, keep: int, keep_every: int | None = None) -> None:
        """Remove the oldest checkpoints up to ``newest``, so that ``keep`` of them remain, ``newest`` among them.

        Checkpoints of steps that ``keep_every`` divides remain too.
        """
        older = [path for path in self.list_checkpoints() if _age(path) <= _age(newest)]
        for path in older[:-keep]:
            if keep_every is None or _step(path) % keep_every:
                path.unlink(missing_ok=True)


def holds_checkpoint(folder: Path) -> bool:
    """Return whether a folder is the work directory of a run that has a checkpoint."""
    found = WorkDir(folder)
    return found.best_checkpoint.exists() or bool(found.list_checkpoints())


def refuse_output(path: Path, example: str) -> None:
    """Raise I2IKitError unless a file can be written at ``--out PATH`` without the loss of a checkpoint of a run.

    Args:
        path: of the file; existing files other than such checkpoints are replaced.
        example: name of a file, for the message.
    """
    if path.is_dir():
        raise I2IKitError(f"--out {path} is a folder: name a file, such as {path / example}.")
    if path.exists() and not path.is_file():
        raise I2IKitError(f"--out {path} is a device or a pipe: name a file, such as {example}.")
    found = Path(os.path.realpath(path))  # Path.resolve fails at a link to itself
    run = WorkDir(found.parent.parent)
    if found in (run.best_checkpoint, *run.list_checkpoints()) and found.exists():
        raise I2IKitError(f"--out {path} is a checkpoint of a run, which could not be resumed: name another file.")
    above = next((each for each in found.parents if each.exists()), found.parent)
    if not above.is_dir() or not os.access(above, os.W_OK):
        reason = "is read-only" if above.is_dir() else "is a file, not a folder"
        raise I2IKitError(f"cannot write --out {path}: {above} {reason}. Write it elsewhere.")


def choose_checkpoint(path: Path) -> Path:
    """Return a checkpoint itself; of a work directory the best checkpoint, or the newest where the run kept no best.

    Args:
        path: the checkpoint, the work directory, or the folder ``checkpoints`` in it.

    Raises:
        CheckpointError: the directory has none.
    """
    if not path.is_dir():
        return path
    folder = WorkDir(path)
    beside = WorkDir(path.absolute().parent)
    if beside.checkpoints == path.absolute() and holds_checkpoint(beside.path):
        folder = beside
    if folder.best_checkpoint.exists():
        return folder.best_checkpoint
    found = folder.list_checkpoints()
    if not found:
        raise CheckpointError(f"there is no checkpoint in {folder.checkpoints}; is {path} the work directory of a run?")
    return found[-1]


def _related(path: Path, folder: Path) -> bool:
    """Return whether a path is a folder, is inside it, or is one of its parents."""
    return path in folder.parents or folder in (path, *path.parents)


def _step(path: Path) -> int:
    """Return the step of a checkpoint; 1, which is no multiple, for a file that was renamed."""
    digits = path.stem.removeprefix("step_")
    return int(digits) if digits.isdecimal() else 1


def _age(path: Path) -> tuple[int, str]:
    """Return a sort key of files of steps that also orders steps of more digits than usual."""
    return len(path.stem), path.stem
