"""All tiles of an image go through a network together: each stops at every norm until all have arrived there.

So the norms have the statistics of the whole image, as if it were translated at once, at the cost of one pass. A tile
that waits keeps its live tensors only, in a ResNet generator about a sixth of what it needs while it computes; what
exceeds the memory goes to a temporary file.
"""

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from i2ikit.inference.freed_memory import return_memory
from i2ikit.inference.norm_statistics import Moments, Rule
from i2ikit.inference.tiling.statistics import Part, Region, Total, measure

Translate = Callable[[Rule], Tensor]  # translates one tile, with a rule for its norms


def in_lock_step(
    tiles: Sequence[tuple[Translate, Region]],
    memory: float,
    found: list[Moments],
    on_step: Callable[[], object] = lambda: None,
) -> Iterator[Tensor]:
    """Yield the outputs of tiles that share the statistics of all their norms, in order.

    Args:
        tiles: each with the region of it that is measured; together the regions are the image, or a sample of it.
        memory: bytes that waiting tiles may take; others wait on disk.
        found: the statistics of each norm are appended to it.
        on_step: called when a tile has arrived at a norm.

    Raises:
        OSError: the disk is full.
    """
    waiting = [_Tile(*tile) for tile in tiles]
    moments: Moments | None = None
    held = 0  # bytes, of all tiles that wait
    try:
        while True:
            total, finished = Total(), False
            for tile in waiting:
                held -= tile.held
                arrived = tile.proceed(moments)
                if isinstance(arrived, Part):
                    total.add(arrived)
                    held += tile.park(memory - held)
                    on_step()
                else:
                    finished = True
                    yield arrived
            if finished:
                return
            moments = total.moments()
            found.append(moments)
            return_memory()
    finally:
        for tile in waiting:
            tile.stop()


class _Tile:
    """A translation that stops at each norm.

    It has a thread of its own, which runs only while the caller waits for it. Operations of torch are run by the thread
    of the caller: libraries keep work space for each thread that computes.
    """

    def __init__(self, translate: Translate, region: Region) -> None:
        self._translate, self._region = translate, region
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._outbox: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._live = _LiveTensors(self._ask)
        self.held = 0

    def proceed(self, moments: Moments | None) -> Part | Tensor:
        """Go on to the next norm and return what it measures, or to the end and return the output.

        Args:
            moments: for the norm at which it waits; None at the start.
        """
        if moments is None:
            self._thread.start()
        else:
            self._live.restore()
            self._inbox.put(moments)
        while True:
            arrived = self._outbox.get()
            if isinstance(arrived, _Failed):
                raise arrived.error
            if not isinstance(arrived, _Operation):
                found: Part | Tensor = arrived
                return found
            try:
                self._inbox.put(arrived.run())
            except Exception as error:
                self._inbox.put(_Failed(error))

    def park(self, memory: float) -> int:
        """Return the bytes that it takes while it waits: 0 if that is more than ``memory``, and it is on disk."""
        self.held = self._live.size()
        if self.held > memory:
            self._live.store()
            self.held = 0
        return_memory()
        return self.held

    def stop(self) -> None:
        """End the translation wherever it is."""
        if self._thread.is_alive():
            self._inbox.put(_STOP)
            self._thread.join()
        self._live.close()

    def _run(self) -> None:
        try:
            with torch.inference_mode(), self._live:
                self._outbox.put(self._translate(self._exchange))
        except _StoppedError:
            pass
        except BaseException as error:
            self._outbox.put(_Failed(error))

    def _exchange(self, name: str, maps: Tensor) -> Moments:
        """The rule of the norms: hand out what is measured, and wait for the statistics of all tiles."""
        moments: Moments = self._ask(measure(maps, self._region))
        return moments

    def _ask(self, question: Any) -> Any:
        """Return what the caller's thread answers."""
        self._outbox.put(question)
        answer = self._inbox.get()
        if answer is _STOP:
            raise _StoppedError
        if isinstance(answer, _Failed):
            raise answer.error
        return answer


class _Operation(NamedTuple):
    """An operation of torch that another thread runs."""

    function: Any
    args: Any
    kwargs: Any

    def run(self) -> Any:
        with torch.inference_mode():
            return self.function(*self.args, **self.kwargs)


class _Failed(NamedTuple):
    error: BaseException


_STOP = object()


class _StoppedError(BaseException):
    """Passes through whatever a generator catches."""


class _LiveTensors(TorchDispatchMode):
    """Knows the storages that were made while it is entered and still exist, and moves them to disk and back.

    Operations are handed to ``execute``, but for views, which compute nothing. Weights and inputs are not among them: a
    storage counts if an operation returned it without having received it.
    """

    def __init__(self, execute: Callable[[_Operation], Any]) -> None:
        super().__init__()
        self._execute = execute
        self._storages: dict[int, weakref.ref[Any]] = {}
        self._stored: list[tuple[Any, int]] = []
        self._file: Any = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        received: set[int] = set()
        tree_map_only(Tensor, lambda x: received.add(_address(x)), (args, kwargs))
        operation = _Operation(func, args, kwargs or {})
        out = operation.run() if _makes_view(func) else self._execute(operation)
        tree_map_only(Tensor, lambda x: None if _address(x) in received else self._add(x.untyped_storage()), out)
        return out

    def _add(self, storage: Any) -> None:
        key = id(storage)
        self._storages[key] = weakref.ref(storage, lambda _: self._storages.pop(key, None))

    def size(self) -> int:
        """Return the bytes of all live storages."""
        return sum(storage.nbytes() for storage in self._alive())

    def store(self) -> None:
        """Write the content of all live storages to a file, and free their memory."""
        self._file = self._file or TemporaryFile()  # noqa: SIM115  # closed by close()
        self._file.seek(0)
        for storage in self._alive():
            size = storage.nbytes()
            self._file.write(
                _bytes_of(storage).to("cpu", copy=True).numpy().data
            )  # a storage that NumPy saw keeps its size
            storage.resize_(0)
            self._stored.append((storage, size))

    def restore(self) -> None:
        """Read back what was written."""
        if not self._stored:
            return
        self._file.seek(0)
        for storage, size in self._stored:
            storage.resize_(size)
            content = bytearray(size)
            self._file.readinto(content)
            _bytes_of(storage).copy_(torch.frombuffer(content, dtype=torch.uint8))
        self._stored.clear()

    def close(self) -> None:
        """Remove the file."""
        self._stored.clear()
        if self._file is not None:
            self._file.close()

    def _alive(self) -> list[Any]:
        found = (reference() for reference in [*self._storages.values()])
        return [storage for storage in found if storage is not None and storage.nbytes()]


def _makes_view(func: Any) -> bool:
    aliases = (output.alias_info for output in func._schema.returns)
    return any(alias is not None and not alias.is_write for alias in aliases)


def _address(tensor: Tensor) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _bytes_of(storage: Any) -> Tensor:
    return torch.empty(0, dtype=torch.uint8, device=storage.device).set_(storage)
