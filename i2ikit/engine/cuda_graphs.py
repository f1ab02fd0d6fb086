"""A training step as a CUDA graph: captured once, and replayed with other images, random numbers and weights."""

import random
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from i2ikit.engine.optim import PhaseUpdater
from i2ikit.interfaces.progress import Progress
from i2ikit.ops.streams import restored_streams
from i2ikit.translation import RandomStreams, UnpairedTranslation

Draw = tuple[str, str, tuple[int, ...]]  # method of RandomStreams, name, sizes
Losses = dict[str, Tensor]


class Backend(Protocol):
    """Captures operations. Tests bring one for the CPU."""

    def warm_up(self, run: Callable[[], Losses]) -> Losses:
        """Run something in the way in which it will be captured."""

    def capture(self, run: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
        """Record what ``run`` does without doing it; return what does it, and the tensor that then has the result."""


class CudaBackend:
    """Captures CUDA graphs, which share their memory: only one of them runs at a time.

    Args:
        device: of CUDA.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)
        self._pool = torch.cuda.graph_pool_handle()

    def warm_up(self, run: Callable[[], Losses]) -> Losses:
        """Run on the stream that captures."""
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            result = run()
        current.wait_stream(self._stream)
        return result

    def capture(self, run: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
        """Capture a graph; other threads, such as the one that pins batches, may go on meanwhile."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            result = run()
        return graph.replay, result


class CannotCaptureError(Exception):
    """A step does something that a graph would not repeat; the message says what."""


class Draws(RandomStreams):
    """Random streams that note what is drawn from them, or give it out of buffers on a device.

    Args:
        streams: of a step.
        buffers: by what is drawn; None: it is drawn now, on the CPU.
    """

    def __init__(self, streams: RandomStreams, buffers: Mapping[Draw, Tensor] | None = None) -> None:
        super().__init__(streams.seed, streams.step, streams.first)
        self._buffers = buffers
        self.drawn: dict[Draw, Tensor] = {}

    def permutation(self, name: str, size: int, count: int) -> Tensor:
        """Return positions, as :meth:`RandomStreams.permutation` does."""
        return self._get(("permutation", name, (size, count)))

    def noise(self, name: str, images: int, *size: int) -> Tensor:
        """Return noise, as :meth:`RandomStreams.noise` does."""
        return self._get(("noise", name, (images, *size)))

    def draw(self, what: Draw) -> Tensor:
        """Draw on the CPU."""
        method, name, sizes = what
        return cast(Tensor, getattr(RandomStreams, method)(self, name, *sizes))

    def _get(self, what: Draw) -> Tensor:
        if self._buffers is not None:
            return self._buffers[what]
        if what not in self.drawn:
            self.drawn[what] = self.draw(what)
        return self.drawn[what]


class WatchedProgress:
    """A progress that notes which of its values are read."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.read: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        value = self.read[name] = getattr(self._progress, name)
        return value


class StepGraph:
    """A captured step.

    Attributes:
        read: what its terms read of the progress: it serves steps where that is equal.

    Args:
        model: on its device.
        updater: of its phases, with fused optimizers and rates on the device.
        backend: captures.
        batch: images of the kind of step, on the device.
        progress: at which it is captured.
        streams: of the step.
        draws: what it draws, with examples.

    Raises:
        CannotCaptureError: a part draws random numbers in its own way.
    """

    def __init__(
        self,
        model: UnpairedTranslation,
        updater: PhaseUpdater,
        backend: Backend,
        *,
        batch: Mapping[str, Tensor],
        progress: Progress,
        streams: RandomStreams,
        draws: Mapping[Draw, Tensor],
    ) -> None:
        self._updater = updater
        self._images = {name: x.clone() for name, x in batch.items()}
        some = next(iter(self._images.values()))
        self._draws = list(draws)
        examples = [draws[what] for what in self._draws]
        self._buffers = {
            dtype: torch.zeros(sum(x.numel() for x in examples if x.dtype == dtype), dtype=dtype, device=some.device)
            for dtype in dict.fromkeys(x.dtype for x in examples)
        }
        watched = WatchedProgress(progress)
        buffers = Draws(streams, self._parts(draws))
        (step,) = model.make_steps([self._images], progress, [buffers])
        step.progress = cast(Progress, watched)
        self._names: list[str] = [name for phase in step.active for name in phase]
        dtype = torch.promote_types(some.dtype, torch.float32)
        self._weights, self._values = torch.zeros(len(self._names), dtype=dtype, device=some.device), [0.0]
        parts = dict(zip(self._names, self._weights.unbind(), strict=True))
        step.active = [{name: (term, parts[name]) for name, (term, _) in phase.items()} for phase in step.active]
        self._phases: list[str] = []

        def run() -> Tensor:
            losses = model.run_steps([step], updater)
            flags = updater.take_flags()
            self._names, self._phases = list(losses), list(flags)
            return torch.stack([*losses.values(), *(flag.to(dtype) for flag in flags.values())])

        with restored_streams():
            before = _host_random_state()
            self._replay, self._result = backend.capture(run)
            if _host_random_state() != before:
                raise CannotCaptureError("a part takes random numbers from a global stream of the CPU")
        self.read = watched.read

    def _parts(self, draws: Mapping[Draw, Tensor]) -> dict[Draw, Tensor]:
        """Return the part of the buffers that holds each draw."""
        begin = dict.fromkeys(self._buffers, 0)
        parts = {}
        for what in self._draws:
            example = draws[what]
            start = begin[example.dtype]
            begin[example.dtype] = end = start + example.numel()
            parts[what] = self._buffers[example.dtype][start:end].view(example.shape)
        return parts

    def run(self, batch: Mapping[str, Tensor], weights: Mapping[str, float], streams: RandomStreams) -> Losses:
        """Replay the step on other images, with other weights of its terms and other random numbers."""
        for name, image in self._images.items():
            image.copy_(batch[name], non_blocking=True)
        drawing = Draws(streams)
        drawn = [drawing.draw(what) for what in self._draws]
        for dtype, buffer in self._buffers.items():
            _fill(buffer, torch.cat([x.flatten() for x in drawn if x.dtype == dtype]))
        values = list(weights.values())
        if values != self._values:
            self._values = values
            _fill(self._weights, torch.tensor(values, dtype=self._weights.dtype))
        self._replay()
        found = self._result.clone().unbind()  # the next replay overwrites the result
        self._updater.put_flags(dict(zip(self._phases, found[len(self._names) :], strict=True)))
        return dict(zip(self._names, found, strict=False))


def _fill(buffer: Tensor, values: Tensor) -> None:
    """Copy values from the CPU without waiting for the device."""
    buffer.copy_(values.pin_memory() if buffer.is_cuda else values, non_blocking=True)


def _host_random_state() -> Hashable:
    numpy: Any = np.random.get_state(legacy=True)  # noqa: NPY002  a part may use the global stream
    return random.getstate(), numpy[1].tobytes(), numpy[2], torch.random.get_rng_state().numpy().tobytes()
