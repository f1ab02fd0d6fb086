"""`i2ikit demo`: a page in the browser to try trained models."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from i2ikit.checks import MOST_PIXELS
from i2ikit.cli.console import busy, write
from i2ikit.cli.options import Device, Imports

MOST = 10**6  # megabytes or megapixels


def demo(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(metavar="CHECKPOINT...", help="Checkpoints, or work directories: the best or else newest one."),
    ],
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; 0.0.0.0 lets other machines use the page.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="By default the first free one from 7860.")
    ] = None,
    device: Device = "auto",
    size: Annotated[
        int | None,
        typer.Option(
            "--size", min=1, max=MOST_PIXELS, metavar="N", help="Resize the shorter side to N pixels first, and back."
        ),
    ] = None,
    megabytes: Annotated[
        float, typer.Option("--max-mb", min=0.001, max=MOST, help="Largest upload, in megabytes.")
    ] = 50,
    megapixels: Annotated[
        float, typer.Option("--max-megapixels", min=0.001, max=MOST, help="Largest upload, in megapixels.")
    ] = 16,
    imports: Imports = None,
) -> None:
    """Serve a page to try trained models on images; Ctrl-C ends it."""
    with busy("Loading the models"):
        from i2ikit.config.imports import import_files
        from i2ikit.demo.limits import Limits
        from i2ikit.demo.server import serve
        from i2ikit.distributed.device import pick_device
        from i2ikit.inference import Translator

        import_files(imports or ())
        found = pick_device(device)

    def load(path: Path, output: str) -> Translator:
        return Translator.load(path, found, output=output, size=size)

    limits = Limits(megabytes, megapixels)
    with serve(checkpoints, load, limits=limits, host=host, port=port) as address:
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):  # after either, the files of visitors are removed
            signal.signal(number, lambda *_: ended.set())
        write(f"Open {address} in a browser. Ctrl-C ends the page.")
        ended.wait()
    write("The page is closed.")
