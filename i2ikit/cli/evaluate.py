"""`i2ikit evaluate`: the metrics of a trained generator, or of a folder of images."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, out
from i2ikit.cli.options import Device
from i2ikit.engine.reporter import reasons_in_words
from i2ikit.errors import I2IKitError

if TYPE_CHECKING:
    from i2ikit.evaluation.measure import Measurement


def evaluate(
    checkpoint: Annotated[
        Path | None, typer.Argument(metavar="[CHECKPOINT]", help="A checkpoint, or a work directory: its newest one.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder with testA and testB, instead of the config's data."),
    ] = None,
    images: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--images", metavar="OUTPUTS REAL", help="Measure a folder of images against real ones."),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="NAME,...", help="Such as fid,ssim; by default the config's, or the usual."),
    ] = None,
    generator: Annotated[
        str | None,
        typer.Option("--generator", metavar="NAME", help="Such as ab; by default the first, averaged if it is."),
    ] = None,
    channels: Annotated[
        int, typer.Option("--channels", min=1, metavar="N", help="Of the images of --images: 3 for RGB, 1 for gray.")
    ] = 3,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print numbers and protocol as JSON.")] = False,
) -> None:
    """Measure a trained generator, or a folder of images."""
    if (checkpoint is None) == (images is None):
        raise I2IKitError("name a checkpoint, or two folders: `i2ikit evaluate --images OUTPUTS REAL`.")
    if images is not None and (data is not None or generator is not None):
        raise I2IKitError("--images needs no model and no data: --data and --generator go with a checkpoint.")
    names = [name.strip() for name in (metrics or "").split(",") if name.strip()]
    with busy("Measuring"):
        from i2ikit.distributed.device import pick_device
        from i2ikit.inference.evaluation import evaluate_checkpoint, evaluate_folders

        if images is not None:
            found = evaluate_folders(*images, metrics=names, channels=channels, device=pick_device(device))
        else:
            assert checkpoint is not None, "checked above"
            found = evaluate_checkpoint(
                checkpoint, data, metrics=names, generator=generator, device=pick_device(device)
            )
    if as_json:
        typer.echo(json.dumps(found.line(), indent=2, allow_nan=False))
    else:
        show(found)
    if found.missing and not found.metrics:
        raise I2IKitError("nothing could be measured; the reasons are above.")


def show(found: "Measurement") -> None:
    """Print a measurement: numbers with the way they count, what is missing, and how all of it was measured."""
    console = out()
    console.print(numbers_table(found))
    for sentence in reasons_in_words(found.missing):
        console.print(sentence, markup=False, soft_wrap=True)
    for name, value in protocol_in_words(found.protocol).items():
        console.print(f"{name:<12}{value}", markup=False, soft_wrap=True)


def numbers_table(found: "Measurement") -> Any:
    """Return a table of the numbers."""
    from rich.table import Table

    table = Table("metric", box=None, pad_edge=False, header_style="bold")
    table.add_column("value", justify="right")
    table.add_column("better")
    for name, value in found.metrics.items():
        table.add_row(name, f"{value:.6g}", found.better.get(name, ""))
    return table


def protocol_in_words(protocol: Mapping[str, Any]) -> dict[str, str]:
    """Return a protocol line by line."""
    channels = " or ".join(map(str, protocol["channels"]))
    lines = {
        "images": f"{protocol['images']} of {protocol['size']} pixels, {channels} channels, "
        f"digest {protocol['images_digest']}",
        "real": f"{protocol['real']}, digest {protocol['real_digest'] or '-'}, {protocol['pairs']} of them paired",
        "data": _flat(protocol.get("data", {})),
    }
    if "generator" in protocol:
        lines["generator"] = f"{protocol['generator']}, {protocol['weights']} weights" + (
            f", step {protocol['step']}" if "step" in protocol else ""
        )
    lines["seed"] = str(protocol["seed"])
    return lines | {name: _flat(about) for name, about in protocol["metrics"].items()}


def _flat(value: Any) -> str:
    """Return nested plain data as one line."""
    if isinstance(value, Mapping):
        words = [f"{key}={_flat(item)}" for key, item in value.items() if key != "type"]
        return f"{value['type']}({', '.join(words)})" if "type" in value else ", ".join(words)
    return str(value)
