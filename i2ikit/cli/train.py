"""`i2ikit train`: train the model of a config."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from i2ikit.argument_types import LARGEST
from i2ikit.cli.console import busy
from i2ikit.cli.default_config import folder_name, with_default_config
from i2ikit.cli.options import ConfigOptions, Device, folders, recipe_names, takes
from i2ikit.errors import I2IKitError, nearest_hint
from i2ikit.files import nearest_beside, read_json_lines

CONFIG = "config.py"  # of a run, in its work directory


class Precision(str, Enum):
    """What networks compute in."""

    fp32 = "fp32"
    tf32 = "tf32"
    bf16 = "bf16"
    fp16 = "fp16"


@dataclass(frozen=True)
class TrainOptions(ConfigOptions):
    """The arguments and options of `i2ikit train`."""

    work_dir: Annotated[
        Path | None, typer.Option("--work-dir", metavar="DIR", help="Work directory; by default runs/METHOD_DATA.")
    ] = None
    device: Device = "auto"
    precision: Annotated[Precision | None, typer.Option("--precision", help="Overrides the config.")] = None
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=LARGEST, help="Random seed; overrides the config.")
    ] = None
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", min=1, metavar="N", help="Train for at most N steps.")
    ] = None
    pause_at: Annotated[
        int | None,
        typer.Option("--pause-at", min=1, metavar="N", help="Save and stop after step N; schedules stay as they are."),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume from the newest checkpoint in the work directory.")
    ] = False
    trackers: Annotated[
        list[str] | None,
        typer.Option(
            "--tracker",
            metavar="NAME",
            help="Also log to wandb, mlflow, tensorboard, aim, comet or a plugin's tracker; may be repeated.",
        ),
    ] = None
    init: Annotated[
        Path | None,
        typer.Option("--init", metavar="CHECKPOINT", help="Start a new run from the networks of a checkpoint."),
    ] = None

    def changes(self) -> list[str]:
        """Return the options that change the config, as overrides."""
        named = {"seed": self.seed, "train.precision": self.precision and self.precision.value}
        return [*(self.overrides or ()), *(f"{key}={value}" for key, value in named.items() if value is not None)]


@takes(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train the model of a config.

    With --data DIR alone, one is chosen that suits the images and the machine.

    `i2ikit train --resume DIR` continues the run in DIR with its own config; --set changes it.
    """
    if options.resume and options.init is not None:
        raise I2IKitError("--init starts a new run and --resume continues one: give one of them.")
    if options.config is None:
        options = with_chosen_config(options)
    with busy("Checking the config"):
        from i2ikit import api
        from i2ikit.config import config_origin, find_config, resolve_config

        run = run_folder(options)
        path = find_config(options.config or "") if run is None else run / CONFIG
        data, recipes = folders(options.data, options.data_a, options.data_b), recipe_names(options.recipes)
        config = resolve_config(path, options.changes(), data, recipes)
        config = with_trackers(config, options.trackers or ())
    api.train(
        config,
        work_dir=run or options.work_dir or default_work_dir(path),
        device=options.device,
        max_steps=options.max_steps if run is None or options.max_steps else recorded_length(run, options.changes()),
        pause_at=options.pause_at,
        resume=options.resume,
        init=options.init,
        origin=config_origin(path, recipes),
    )


def with_chosen_config(options: TrainOptions) -> TrainOptions:
    """Return options with a config that is chosen by the images and the machine.

    Raises:
        I2IKitError: --resume, which continues a run of a known config, or no images are named.
    """
    if options.resume:
        raise I2IKitError("--resume takes the work directory of the run: i2ikit train --resume runs/mine")
    work_dir = options.work_dir or Path("runs") / folder_name(options) if options.data or options.data_a else None
    return with_default_config("train", options, options.device, work_dir=work_dir)


def run_folder(options: TrainOptions) -> Path | None:
    """Return the work directory that is given in place of a config, as in ``--resume runs/mine``; None for a config.

    Raises:
        I2IKitError: the folder holds no run, or --resume or another work directory contradicts it.
    """
    name = options.config or ""
    folder = Path(name)
    if not folder.is_dir():
        from i2ikit.config import packaged_configs

        known = "::" in name or name.removesuffix(".py") in packaged_configs()
        if options.resume and not folder.exists() and not known:
            raise I2IKitError(
                f"there is no run in {folder}, and no config of that name.{nearest_beside(folder)} --resume takes one "
                "of them."
            )
        return None
    if not (folder / CONFIG).is_file():
        raise I2IKitError(f"{folder} is a folder without a run: it has no {CONFIG}. Give a config or a work directory.")
    if not options.resume:
        raise I2IKitError(f"{folder} is the work directory of a run. Continue the run: i2ikit train --resume {folder}")
    if options.work_dir not in (None, folder):
        raise I2IKitError(f"the run in {folder} continues there: leave out --work-dir {options.work_dir}")
    return folder


def recorded_length(run: Path, changes: list[str]) -> int | None:
    """Return the steps of a run, which ``--max-steps`` may have limited; None if the overrides set the length."""
    if any(change.startswith("train.") for change in changes):
        return None
    starts = [line for line in read_json_lines(run / "log.jsonl") if line.get("event") in ("start", "resume")]
    steps = starts[-1].get("steps") if starts else None
    return steps if isinstance(steps, int) and steps > 0 else None


def with_trackers(config: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a config with further trackers, each with its default arguments; those that it has stay as they are.

    Raises:
        I2IKitError: there is no tracker of that name, or its package is not installed.
    """
    section = config.get("trackers", [])
    if not names or not isinstance(section, list):  # the check of the config reports the latter
        return config
    from i2ikit.registry import TRACKERS
    from i2ikit.trackers.base import missing_package, short_name

    known = {short_name(TRACKERS.get(key)): key for key in TRACKERS.names()}
    found = list(section)
    for name in names:
        key = known.get(name.lower(), name)
        if key not in known.values():
            raise I2IKitError(
                f"no tracker is called {name!r}.{nearest_hint(name, known)} Trackers: {', '.join(known)}."
            )
        if missing := missing_package(TRACKERS.get(key)):
            raise I2IKitError(missing)
        if not any(isinstance(each, dict) and each.get("type") == key for each in found):
            found.append({"type": key})
    return {**config, "trackers": found}


def default_work_dir(path: Path) -> Path:
    """Return the work directory of a config: ``runs/enco_horse2zebra`` for ``configs/enco/horse2zebra.py``."""
    path = path.resolve()
    return Path("runs") / f"{path.parent.name}_{path.stem}"
