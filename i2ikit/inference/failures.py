"""Why one image cannot be translated: an error that names it, its size and the next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import torch
from torch import nn
from torch.func import functional_call

from i2ikit.errors import DataError, RunError
from i2ikit.profiling.counters import StepCounter

GB = 2**30
TRIAL = 256  # pixels of the side of the image from which memory is estimated
OUT_OF_MEMORY = ("out of memory", "allocate memory", "not enough memory")  # in the messages of torch


@contextmanager
def translation_errors(
    name: str | Path, width: int, height: int, size: int | None, *, option: str = "--size "
) -> Iterator[None]:
    """Turn whatever the block raises into a DataError about one image.

    Args:
        name: of the image.
        width, height: of the image, in pixels.
        size: to propose; None: unknown.
        option: that takes the size.
    """
    smaller = f"{option}{size if size and size < min(width, height) else 'N'}"
    option += str(size or "N")
    image = f"{name}, {width} x {height} pixels,"
    try:
        yield
    except (DataError, RunError):  # of files
        raise
    except Exception as error:  # a generator may be anyone's
        reason = str(error).strip().rstrip(".") or "no reason given"
        if is_out_of_memory(error):
            needs = f" ({reason})" if isinstance(error, TooLargeError) else ""
            raise DataError(f"{image} does not fit into memory{needs}. Translate it smaller: {smaller}.") from error
        raise DataError(
            f"the generator fails on {image} with {type(error).__name__}: {reason}. If it takes only some sizes, use "
            f"one of them: {option}."
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error says that the memory of the machine or of its GPU is used up."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in OUT_OF_MEMORY)


def bytes_per_pixel(generator: nn.Module, channels: int) -> float | None:
    """Return the peak memory of a generator in evaluation mode, per pixel of its input; None if it is unknown.

    Args:
        generator: it is run on the meta device, on an image of 256 x 256 pixels.
        channels: of its input.
    """
    state = {name: value.to("meta") for name, value in chain(generator.named_parameters(), generator.named_buffers())}
    try:
        with torch.no_grad(), StepCounter() as memory:
            functional_call(generator, state, (torch.empty(1, channels, TRIAL, TRIAL, device="meta"),))
    except Exception:  # it needs the values of tensors
        return None
    return memory.peak / TRIAL**2


class TooLargeError(MemoryError):
    """An image needs more memory than there is, in tiles too; the message says how much, or why."""
