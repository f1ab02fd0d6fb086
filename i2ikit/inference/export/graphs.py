"""What torch makes of a module for other runtimes: a graph of torch.export, or TorchScript."""

import io
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import Tensor

from i2ikit.errors import CheckpointError, I2IKitError
from i2ikit.inference.export.module import ExportedGenerator, described, trial_input

METADATA = "metadata.json"  # the file inside an archive of torch
EXAMPLE = (2, 37, 43)  # batch, height and width: no two alike, none a multiple of anything
Run = Callable[[Tensor], Tensor]


@contextmanager
def making(kind: str, module: ExportedGenerator) -> Iterator[None]:
    """Silence the compilers of torch in a block, and turn whatever they raise into an error about the generator.

    Raises:
        CheckpointError: the block has raised something.
    """
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of deprecated parts, and of sizes that are constant here on purpose
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                yield
    except I2IKitError:
        raise
    except Exception as error:  # a generator may be anyone's, and compilers fail in any way
        reason = (next(iter(str(error).strip().splitlines()), "") or type(error).__name__).rstrip(".")
        raise CheckpointError(
            f"{described(module.generator)} cannot be exported as {kind}: {reason}. Try another --format."
        ) from error


def make_graph(module: ExportedGenerator, channels: int) -> torch.export.ExportedProgram:
    """Return the graph of a module, for batches and sizes of any number."""
    anything = torch.export.Dim.DYNAMIC
    axes = (0, 1, 2) if module.uint8 else (0, 2, 3)
    shapes = (dict.fromkeys(axes, anything),)
    program = torch.export.export(module, (trial_input(module, channels, *EXAMPLE),), dynamic_shapes=shapes)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it has the folders of this machine
    return program


def write_torch_export(module: ExportedGenerator, channels: int, metadata: Mapping[str, str]) -> bytes:
    """Return the file of torch.export."""
    file = io.BytesIO()
    torch.export.save(make_graph(module, channels), file, extra_files={METADATA: json.dumps(dict(metadata))})
    return file.getvalue()


def run_torch_export(content: bytes) -> Run:
    """Return what a file of torch.export computes."""
    network: Any = torch.export.load(io.BytesIO(content)).module()
    return _without_gradients(network)


def write_torchscript(module: ExportedGenerator, channels: int, metadata: Mapping[str, str]) -> bytes:
    """Return the file of TorchScript."""
    traced = torch.jit.trace(module, (trial_input(module, channels, *EXAMPLE),), check_trace=False)
    file = io.BytesIO()
    torch.jit.save(traced, file, _extra_files={METADATA: json.dumps(dict(metadata))})
    return file.getvalue()


def run_torchscript(content: bytes) -> Run:
    """Return what a file of TorchScript computes; only ever one that was made here."""
    return _without_gradients(torch.jit.load(io.BytesIO(content)))


def _without_gradients(network: Run) -> Run:
    def run(x: Tensor) -> Tensor:
        with torch.no_grad():
            return network(x)

    return run
