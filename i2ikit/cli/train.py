"""`i2ikit train`: from a config to a trained model."""

import importlib.util
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from i2ikit.cli.console import busy
from i2ikit.cli.options import ConfigName, DataFolder, Device, Overrides
from i2ikit.cli.translate import newest_checkpoint
from i2ikit.errors import I2IKitError

TENSORBOARD = "TensorboardVisBackend"  # mmengine's name


def train(
    config: ConfigName,
    data: DataFolder = None,
    work_dir: Annotated[
        Path | None, typer.Option("--work-dir", metavar="DIR", help="Where to write; by default runs/METHOD_DATA.")
    ] = None,
    overrides: Overrides = None,
    device: Device = "auto",
    precision: Annotated[
        str | None,
        typer.Option("--precision", metavar="KIND", help="fp32, bf16 or fp16: what networks compute in."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the config's seed.")] = None,
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", min=1, metavar="N", help="End the run at step N at the latest.")
    ] = None,
    pause_at: Annotated[
        int | None,
        typer.Option("--pause-at", min=1, metavar="N", help="Stop after step N, without changing the run's length."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the newest checkpoint in the work directory.")
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write curves and samples for TensorBoard, into vis_data.")
    ] = False,
    init: Annotated[
        Path | None,
        typer.Option("--init", metavar="CHECKPOINT", help="Begin a new run with the networks of a checkpoint."),
    ] = None,
) -> None:
    """Train the model of a config."""
    if resume and init is not None:
        raise I2IKitError("--init begins a new run and --resume goes on with one: give one of them.")
    changes = [*(overrides or ()), *_change("seed", seed), *_change("train.precision", precision)]
    with busy("Checking the config"):
        from i2ikit.cli.progress import make_reporter
        from i2ikit.config import find_config, resolve_config
        from i2ikit.distributed.launch import find_rank
        from i2ikit.engine.run import train as run
        from i2ikit.errors import RunError
        from i2ikit.report import write_report

        path = find_config(config)
        resolved = resolve_config(path, changes, data)
        if tensorboard:
            resolved = with_tensorboard(resolved)
    folder = work_dir or default_work_dir(path)
    speaks = find_rank().rank == 0  # of several processes
    with make_reporter() as reporter:
        try:
            run(
                resolved,
                work_dir=folder,
                device=device,
                max_steps=max_steps,
                pause_at=pause_at,
                resume=resume,
                init=newest_checkpoint(init) if init is not None else None,
                reporter=reporter,
            )
        except RunError:
            with suppress(RunError, OSError):  # the first error is the one to show
                if speaks:
                    write_report(folder)
            raise
        if speaks:
            reporter.line(f"page       {write_report(folder)}")


def with_tensorboard(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config that writes for TensorBoard too.

    Raises:
        I2IKitError: TensorBoard is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise I2IKitError("--tensorboard needs TensorBoard: pip install 'i2ikit[tensorboard]'")
    backends = config.get("vis_backends", [])
    wanted = [] if any(backend["type"] == TENSORBOARD for backend in backends) else [{"type": TENSORBOARD}]
    return {**config, "vis_backends": [*backends, *wanted]}


def _change(key: str, value: object) -> list[str]:
    return [] if value is None else [f"{key}={value}"]


def default_work_dir(path: Path) -> Path:
    """Return the work directory of a config: ``runs/enco_horse2zebra`` for ``configs/enco/horse2zebra.py``."""
    path = path.resolve()
    return Path("runs") / f"{path.parent.name}_{path.stem}"
