"""Folders on several machines: Ray Data gives each of its workers shares of the folder."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from i2ikit.config.imports import import_files
from i2ikit.distributed.device import pick_device
from i2ikit.errors import DataError, RunError
from i2ikit.extras import require_extra
from i2ikit.inference.folders import FolderOptions, Progress
from i2ikit.inference.folders import translate_folder as translate_share
from i2ikit.inference.loading import LoadOptions
from i2ikit.inference.tally import Tally
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.inference.translator import Translator

logger = logging.getLogger(__name__)
ENVIRONMENT = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a warning about it otherwise
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_raylet_start_wait_time_s": "120",  # a busy machine needs more than Ray's 30
}
SHARES = 8  # of the folder per worker: those that are done early take more
NUMBERS = ("written", "skipped", "listed", "others")
MESSAGES = ("failures", "unlisted", "warnings", "fatal")


@dataclass(frozen=True)
class Model:
    """How each worker loads the model.

    Attributes:
        path: the checkpoint, on a disk that all machines share.
        device, precision, compile, options: as for :meth:`Translator.load`.
        imports: files with parts that the checkpoint needs.
    """

    path: Path
    device: str = "auto"
    precision: str = "fp32"
    compile: bool = False
    options: LoadOptions | None = None
    imports: tuple[Path, ...] = ()

    def load(self) -> Translator:
        """Return the translator."""
        import_files(self.imports)
        return Translator.load(self.path, self.device, self.precision, self.compile, **(self.options or {}))


def translate_folder(
    model: Model, source: Path, output: Path, options: FolderOptions, *, workers: int | None = None
) -> int:
    """Translate the images of a folder with a local Ray, or with the cluster that RAY_ADDRESS names.

    The folders and the checkpoint are on disks that all machines share.

    Args:
        model: what translates.
        source, output: the folders.
        options: ``share`` is ignored; ``on_progress`` is called when a share is done.
        workers: processes, at least 1; None: one per GPU, or per CPU.

    Returns:
        number of images that were written.

    Raises:
        DataError, RunError: as :meth:`Translator.folder`.
        MissingExtraError: Ray is not installed.
    """
    require_extra("ray", "--engine ray", "ray")
    if not source.is_dir():
        raise DataError(f"--engine ray translates folders, and {source} is none: leave it out for a single file")
    TrainedModel(model.path)  # an error of the checkpoint is one message, not one of each worker
    tally = Tally(source, output)
    with _ray() as ray:
        resources, gpu = ray.cluster_resources(), pick_device(model.device).type == "cuda"
        count = workers or max(1, int(resources.get("GPU" if gpu else "CPU", 1)))
        total = count * SHARES
        shares = ray.data.from_items([{"share": index} for index in range(1, total + 1)], override_num_blocks=total)
        given = {**options, "on_progress": None}
        results = shares.map_batches(
            Worker,
            fn_constructor_args=(model, str(source.absolute()), str(output.absolute()), given, total),
            batch_size=1,
            concurrency=count,
            num_cpus=1,
            num_gpus=int(gpu),
        )
        _add_up(tally, results.iter_rows(), options.get("on_progress"))
    return tally.conclude()


class Worker:
    """Translates shares of a folder, in a process of its own.

    Args:
        model: what translates.
        source, output: the folders.
        options: as for :meth:`Translator.folder`.
        total: number of shares.
    """

    def __init__(self, model: Model, source: str, output: str, options: FolderOptions, total: int) -> None:
        self.translator = model.load()
        self.source, self.output, self.options, self.total = Path(source), Path(output), options, total

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Translate a share, and return its tally."""
        share = (int(batch["share"][0]), self.total)
        tally, fatal = Tally(self.source, self.output), ""
        with _warnings() as noted:
            try:
                tally = translate_share(
                    self.translator.files, self.source, self.output, {**self.options, "share": share}
                )
            except (DataError, RunError) as error:
                fatal = f"{type(error).__name__} {error}"
        row = {**vars(tally), "warnings": noted, "fatal": [fatal] if fatal else []}
        return {name: [row[name]] for name in (*NUMBERS, *MESSAGES)}


def _add_up(tally: Tally, rows: Iterator[dict[str, Any]], on_progress: Progress | None) -> None:
    """Add the results of the shares.

    Raises:
        DataError, RunError: a share could not be translated as a whole.
    """
    told: set[str] = set()
    for row in rows:
        for message in row["fatal"]:
            kind, _, text = message.partition(" ")
            raise (DataError if kind == DataError.__name__ else RunError)(text)
        tally.written += int(row["written"])
        tally.skipped += int(row["skipped"])
        tally.failures += map(str, row["failures"])
        tally.unlisted = tally.unlisted or [str(each) for each in row["unlisted"]]  # each worker lists the folder
        tally.listed, tally.others = int(row["listed"]), tally.others + int(row["others"])
        for warning in set(map(str, row["warnings"])) - told:
            logger.warning("%s", warning)
            told.add(warning)
        if on_progress is not None:
            on_progress(tally.done, tally.listed)


@contextmanager
def _ray() -> Iterator[Any]:
    """Connect to Ray, quietly, and leave it as it was."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what Ray itself uses
        yield from _connected()


def _connected() -> Iterator[Any]:
    import ray
    import ray.data

    running = ray.is_initialized()
    if not running:
        local: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
        try:
            with _no_standard_error():  # Ray says that it obeys RAY_BACKEND_LOG_LEVEL
                ray.init(logging_level=logging.ERROR, log_to_driver=False, **local)
        except Exception as error:  # Ray raises plain ones
            raise RunError(f"Ray could not be started: {error}") from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    except ray.exceptions.RayError as error:
        raise RunError(f"Ray ended the translation: {error}") from error
    finally:
        if not running:
            ray.shutdown()


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Drop what the process writes to standard error, whatever language it is written in."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect the warnings of i2ikit instead of printing them."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    package, collector = logging.getLogger("i2ikit"), Collector(logging.WARNING)
    package.addHandler(collector)
    try:
        yield found
    finally:
        package.removeHandler(collector)
