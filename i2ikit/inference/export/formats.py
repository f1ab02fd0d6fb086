"""Formats of exported generators. A new one is an entry of ``FORMATS``."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from i2ikit.inference.export.graphs import (
    Run,
    run_torch_export,
    run_torchscript,
    write_torch_export,
    write_torchscript,
)
from i2ikit.inference.export.module import ExportedGenerator
from i2ikit.inference.export.onnx_files import run_onnx, write_onnx


class Format(NamedTuple):
    """A format.

    Attributes:
        extension: of its files.
        packages: modules that it needs besides torch, of the extra ``export``.
        write: from a module, the channels of its input and metadata to the content of a file.
        run: from the content of a file to what its own runtime computes.
    """

    extension: str
    packages: tuple[str, ...]
    write: Callable[[ExportedGenerator, int, Mapping[str, str]], bytes]
    run: Callable[[bytes], Run]


FORMATS = {
    "onnx": Format(".onnx", ("onnx", "onnxscript", "onnxruntime"), write_onnx, run_onnx),
    "torchscript": Format(".pt", (), write_torchscript, run_torchscript),
    "torch-export": Format(".pt2", (), write_torch_export, run_torch_export),
}
