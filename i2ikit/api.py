"""The public functions: what `from i2ikit import ...` gives."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from i2ikit.cli.progress import make_reporter
from i2ikit.config import config_origin, find_config, resolve_config
from i2ikit.config.data import Folders
from i2ikit.distributed.device import pick_device
from i2ikit.distributed.launch import find_rank
from i2ikit.engine.interruption import Interruption
from i2ikit.engine.reporter import Reporter, RunResult
from i2ikit.engine.train import RunOptions
from i2ikit.engine.train import train as run
from i2ikit.evaluation.measure import Measurement
from i2ikit.files import expanded
from i2ikit.inference import Translator
from i2ikit.inference.evaluation import evaluate_checkpoint
from i2ikit.inference.interop.exporting import describe_unpublished
from i2ikit.report import write_card, write_report

__all__ = ["Translator", "evaluate", "load_config", "train"]


def load_config(
    config: str | Path,
    *,
    set: Sequence[str] = (),
    data: Folders | None = None,
    recipes: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """Read a config, change it, and check it.

    Args:
        config: path of a config file, or the name of a packaged config, such as ``"enco/stripes"``.
        set: overrides such as ``"data.batch_size=2"``, applied in their order.
        data: folder with trainA, trainB, testA and testB, or two folders, ``{"a": "day", "b": "night"}``; replaces the
            config's data.
        recipes: names or files of recipes, such as ``["masked"]``, which change the config before ``data`` and ``set``.

    Returns:
        the resolved config: plain data, with the defaults of all fixed sections.

    Raises:
        ConfigError: there is no such config, or it has errors; the message lists all of them.
    """
    return resolve_config(find_config(str(config)), set, data, recipes)


def train(
    config: str | Path | Mapping[str, Any],
    *,
    work_dir: str | Path,
    set: Sequence[str] = (),
    data: Folders | None = None,
    device: str = "auto",
    reporter: Reporter | None = None,
    quiet: bool = False,
    **options: Unpack[RunOptions],
) -> RunResult:
    """Train the model of a config, and write the HTML report and the model card of the run.

    Args:
        config: path of a config file, name of a packaged config, or a config from :func:`load_config`.
        work_dir: folder of log, samples, checkpoints and report; it is created.
        set, data: as for :func:`load_config`, which reads ``config``; not with a config that is read already.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        reporter: gets the progress of the run. None: a progress bar in a terminal and in a notebook with ipywidgets,
            and a line every ten seconds elsewhere.
        quiet: show nothing; without ``reporter``.
        options: ``max_steps``, ``pause_at``, ``resume``, ``init``, ``origin`` and ``note``, see :class:`RunOptions`.

    Returns:
        last step, metrics with their protocol, and last checkpoint.

    Raises:
        ConfigError, DataError, DeviceError: the run cannot start.
        WorkDirError: ``work_dir`` holds a run and ``resume`` is off, or the other way around.
        RunError: a loss is not finite, or the disk is full.
        RunInterruptedError: the run was interrupted; its state is saved.
        ValueError: arguments contradict each other.
    """
    if isinstance(config, Mapping):
        if set or data is not None:
            raise ValueError("set= and data= change a config when it is read: give them to load_config")
    else:
        options.setdefault("origin", config_origin(find_config(str(config))))
        config = load_config(config, set=set, data=data)
    if quiet and reporter is not None:
        raise ValueError("quiet=True shows nothing, so it takes no reporter: give one of them")
    work_dir = expanded(work_dir)
    is_main = find_rank().rank == 0
    given = quiet or reporter is not None
    shown: AbstractContextManager[Reporter | None] = nullcontext(reporter) if given else closing(make_reporter())
    with shown as active:
        log = work_dir / "log.jsonl"
        before = _version(log)
        if active is not None and is_main and not options.get("resume"):
            options.setdefault("note", describe_unpublished(config))
        try:
            result = run(config, work_dir=work_dir, device=device, reporter=active, **options)
        except Exception:
            if is_main and _version(log) != before:  # the run has begun
                with suppress(Exception), Interruption():  # the first error is the one to show
                    write_report(work_dir)
                    write_card(work_dir)
            raise
        if is_main:
            with Interruption():  # the run is done: a signal lets the page be finished
                page = write_report(work_dir)
                write_card(work_dir)
            if active is not None:
                active.note(f"report     {page}")
    return result


def _version(file: Path) -> tuple[int, ...] | None:
    """Return what changes when a file is written; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def evaluate(
    checkpoint: str | Path,
    data: Folders | None = None,
    *,
    metrics: Sequence[str] = (),
    output: str | None = None,
    weights: str | None = None,
    device: str = "auto",
) -> Measurement:
    """Measure a trained model on a test set.

    Args:
        checkpoint: a checkpoint, or a work directory: its best checkpoint, or the newest where the run kept no best.
        data: folder with testA and testB; None: the test set of the config.
        metrics: names of metrics in the config, or of registered ones, such as ``"fid"``. Empty: those of the config,
            or the default ones.
        output: its name, such as ``"ba"``. None: all outputs of the model; the values of the first one have the names
            of the metrics, those of another one also its own, such as ``"ba.fid.clean"``.
        weights: ``"average"``: the moving average of a generator where there is one; ``"raw"``: its own. None: as the
            config measures.
        device: as for :func:`train`.

    Returns:
        values by name (``metrics``), why others are missing (``missing``), and how all were measured (``protocol``).

    Raises:
        CheckpointError: the checkpoint is missing, damaged, or has no such output.
        ConfigError: there is no such metric, or no test data.
        DataError: images are missing.
    """
    return evaluate_checkpoint(
        checkpoint, data, metrics=metrics, output=output, weights=weights, device=pick_device(device)
    )
