"""`i2ikit evaluate`: measure a trained generator, or a folder of images."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.checks import MOST_CHANNELS
from i2ikit.cli.completion import complete_metrics
from i2ikit.cli.console import busy, make_table, out, write
from i2ikit.cli.options import AsJson, DataA, DataB, Device, Imports, Weights, folders, takes
from i2ikit.engine.reporter import format_missing
from i2ikit.errors import I2IKitError

if TYPE_CHECKING:
    from i2ikit.evaluation.measure import Measurement


@dataclass(frozen=True)
class EvaluateOptions:
    """The arguments and options of `i2ikit evaluate`."""

    checkpoint: Annotated[
        Path | None,
        typer.Argument(metavar="[CHECKPOINT]", help="Checkpoint, or work directory: its best or newest one."),
    ] = None
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder with testA and testB; replaces the config's data."),
    ] = None
    data_a: DataA = None
    data_b: DataB = None
    images: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--images", metavar="OUTPUTS REAL", help="Compare a folder of images with one of real images."),
    ] = None
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="NAME,...",
            help="Such as fid,ssim; by default those of the config.",
            autocompletion=complete_metrics,
        ),
    ] = None
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="NAME", help="What to measure, such as ba; by default all outputs."),
    ] = None
    weights: Annotated[
        Weights | None,
        typer.Option("--weights", help="average or raw, as for translate; by default as the config measures."),
    ] = None
    channels: Annotated[
        int,
        typer.Option(
            "--channels", min=1, max=MOST_CHANNELS, metavar="N", help="Channels of --images: 3 for RGB, 1 for gray."
        ),
    ] = 3
    device: Device = "auto"
    imports: Imports = None
    as_json: AsJson = False


@takes(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Measure a trained generator, or a folder of images."""
    if (options.checkpoint is None) == (options.images is None):
        raise I2IKitError("name a checkpoint, or two folders: `i2ikit evaluate --images OUTPUTS REAL`.")
    data = folders(options.data, options.data_a, options.data_b)
    if options.images is not None and any((data, options.output, options.weights)):
        raise I2IKitError("--images takes no model: --data, --output and --weights belong to a checkpoint.")
    metrics = [name.strip() for name in (options.metrics or "").split(",") if name.strip()]
    with busy("Measuring"):
        from i2ikit.config.imports import import_files
        from i2ikit.distributed.device import pick_device
        from i2ikit.inference.evaluation import evaluate_checkpoint, evaluate_folders

        import_files(options.imports or ())
        device = pick_device(options.device)
        if options.images is not None:
            found = evaluate_folders(*options.images, metrics=metrics, channels=options.channels, device=device)
        else:
            assert options.checkpoint is not None, "checked above"
            found = evaluate_checkpoint(
                options.checkpoint,
                data,
                metrics=metrics,
                output=options.output,
                weights=options.weights and options.weights.value,
                device=device,
            )
    if options.as_json:
        typer.echo(json.dumps(vars(found), indent=2, allow_nan=False))
    else:
        show(found)
    if found.missing and not found.metrics:
        raise I2IKitError("nothing could be measured; the reasons are above.")


def show(found: "Measurement") -> None:
    """Print a measurement: values with their direction, reasons of missing values, and the protocol."""
    rows = ([name, f"{value:.6g}", found.better.get(name, "")] for name, value in found.metrics.items())
    out().print(make_table(["metric", "value", "better"], rows, right=["value"]))
    for sentence in format_missing(found.missing):
        write(sentence)
    for name, value in found.protocol.items():
        write(f"{name:<16}{format_value(value)}")


def format_value(value: Any) -> str:
    """Return nested plain data as one line; a part is written as ``Type(key=value)``."""
    if isinstance(value, list):
        return " or ".join(map(str, value))
    if not isinstance(value, Mapping):
        return str(value)
    items = ", ".join(f"{key}={format_value(item)}" for key, item in value.items() if key != "type")
    return f"{value['type']}({items})" if "type" in value else items
