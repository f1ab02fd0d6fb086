"""Serves the page: to this machine only unless told, without reports to anybody, and without files from elsewhere."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from i2ikit.demo.desk import Desk
from i2ikit.demo.limits import MEGABYTE, Limits
from i2ikit.demo.models import Models
from i2ikit.demo.page import CSS, FONTS, MONO, build_page
from i2ikit.errors import I2IKitError
from i2ikit.extras import require_extra
from i2ikit.inference import Translator

LOOPBACK = "127.0.0.1"
QUIET = {  # read by Gradio and what it brings when they are imported
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
POLICY = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"


@contextmanager
def serve(
    checkpoints: Sequence[Path],
    load: Callable[[Path, str], Translator],
    *,
    limits: Limits | None = None,
    host: str = LOOPBACK,
    port: int | None = None,
) -> Iterator[str]:
    """Serve the page while the block runs; yields its address. Uploads and results are removed at the end.

    Args:
        checkpoints: checkpoints or work directories.
        load: makes the translator of a checkpoint and the name of its output.
        limits: of uploads.
        host: address to listen at; the default is reached from this machine only.
        port: 1 to 65535; None: the first free one from 7860.

    Raises:
        CheckpointError: a checkpoint is missing or damaged.
        I2IKitError: Gradio is missing, or nobody can listen at the address.
    """
    require_extra("demo", "the demo page", "gradio")
    _refuse_taken(host, port)
    limits = limits or Limits()
    models = Models(checkpoints, load)
    with tempfile.TemporaryDirectory(prefix="i2ikit-demo-") as folder:
        os.environ |= {**QUIET, "GRADIO_TEMP_DIR": str(Path(folder) / "uploads")}
        results = Path(folder) / "results"
        results.mkdir()
        page = build_page(Desk(models, limits, results))
        try:
            yield _launch(page, host, port, limits, [str(results), *_folders(models)])
        finally:
            page.close(verbose=False)


def _folders(models: Models) -> list[str]:
    return sorted({str(path.parent) for choice in models.choices.values() for path in choice.examples})


def _launch(page: Any, host: str, port: int | None, limits: Limits, folders: list[str]) -> str:
    import gradio as gr

    theme = gr.themes.Soft(primary_hue="indigo", neutral_hue="slate", font=FONTS, font_mono=MONO)
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        prevent_thread_lock=True,
        ssr_mode=False,
        enable_monitoring=False,
        footer_links=["api"],
        max_file_size=int(limits.megabytes * MEGABYTE),
        allowed_paths=folders,
        app_kwargs={"middleware": [_policy()]},
        theme=theme,
        css=CSS,
    )
    return str(address)


def _refuse_taken(host: str, port: int | None) -> None:
    """Raise I2IKitError if nobody can listen at an address; Gradio would find out later."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, UnicodeError) as error:  # a name of a machine is encoded
        where = f"{host}, port {port}" if port else host
        option = "--port N" if port and not isinstance(error, socket.gaierror | UnicodeError) else "--host ADDRESS"
        raise I2IKitError(
            f"cannot listen at {where}: {getattr(error, 'strerror', None) or error}. Choose another one: {option}."
        ) from error


class _Policy:
    """Middleware that lets the browser load nothing from elsewhere."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"content-security-policy", POLICY)]
            await send(message)

        await self.app(scope, receive, with_policy)


def _policy() -> Any:
    from starlette.middleware import Middleware

    return Middleware(_Policy)
