"""Batches that are a function of (seed, epoch, place): the same with any number of workers, and after a resume."""

import hashlib
import os
import random
import signal
from collections.abc import Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from i2ikit.data.bad_files import BadFiles
from i2ikit.errors import DataError, RunError

REPLACEMENTS = 16  # items that are tried in place of one that cannot be read
ONE_SIZE = 'Give the training data a transform, such as dict(type="ResizeCropFlip"), or use data.batch_size=1.'


class MapDataset(Sized, Protocol):
    """What the loader needs of a data set.

    Optional are ``set_epoch(epoch)``, which may draw from the global streams, ``describe()``, a sentence about the
    epochs, ``paths``, files by domain, and ``domains``, which can remember prepared images.
    """

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        """Return one item."""


class Read(NamedTuple):
    """An item or a batch on its way through a worker's queue, with what went wrong on the way.

    Attributes:
        values: None where there is none.
        failures: messages about files that could not be read; others took their places.
        error: why there can be no batch at all.
    """

    values: dict[str, Any] | None
    failures: tuple[str, ...] = ()
    error: str = ""


def seed_number(*key: int) -> int:
    """Return 63 bits that are a function of ``key`` and look unlike those of its neighbors."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=8).digest(), "little") >> 1


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Seed torch's (CPU), Python's and NumPy's global random streams from ``key``; give them back as they were."""
    number = seed_number(*key)
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(number)  # torch.manual_seed would seed the accelerators too
        random.seed(number)
        np.random.seed(number % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


class SeededDataset(Dataset[Read]):
    """A data set whose items are asked for as (epoch, index) and depend on nothing but (seed, epoch, index).

    The epoch travels with the index because a worker that outlives an epoch has its own copy of the data set. An item
    whose file cannot be read is replaced by another one, which is a function of (seed, epoch, index) too.

    Args:
        dataset: map-style; it raises DataError for what it cannot read.
        seed: any whole number.
        replacements: items to try in place of one that cannot be read, >= 0.
    """

    def __init__(self, dataset: MapDataset, seed: int, *, replacements: int = 0) -> None:
        self.dataset, self.seed, self.replacements = dataset, seed, replacements
        self._epoch: int | None = None

    def __getitem__(self, place: tuple[int, int]) -> Read:
        """Return one item, and the messages of the DataErrors on the way to it."""
        epoch, index = place
        if epoch != self._epoch and hasattr(self.dataset, "set_epoch"):
            with seeded(self.seed, epoch):  # a data set may draw the order of an epoch
                self.dataset.set_epoch(epoch)
        self._epoch = epoch
        failures: list[str] = []
        for key in [(epoch, index), *((epoch, index, attempt) for attempt in range(1, self.replacements + 1))]:
            chosen = index if len(key) == 2 else seed_number(self.seed, *key) % len(self.dataset)
            with seeded(self.seed, *key):
                try:
                    return Read(self.dataset[chosen], tuple(failures))
                except DataError as error:
                    failures.append(str(error))
        return Read(None, tuple(failures))


class EpochSampler(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index): each epoch a new order that is a function of (seed, epoch); a short last step drops.

    The processes of a run divide each step's batch among them: side by side their parts are the batch of one process
    with ``world`` times their batch size.

    Args:
        length: items of the data set, >= batch_size * world.
        batch_size: items of a batch of this process, >= 1.
        seed: any whole number.
        rank: of this process, 0 .. world - 1.
        world: processes of the run, >= 1.
    """

    def __init__(self, length: int, batch_size: int, seed: int, *, rank: int = 0, world: int = 1) -> None:
        if not 0 <= rank < world:
            raise ValueError(f"rank must lie in 0 .. world - 1, not {rank} of {world}")
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.rank, self.world = rank, world
        self.epoch, self.first = 1, 0

    def __len__(self) -> int:
        """Return the batches of a whole epoch, the same for every process."""
        return self.length // (self.batch_size * self.world)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next pass, counted from 1; the pass begins at its first batch."""
        self.epoch, self.first = epoch, 0

    def start(self, batch: int) -> None:
        """Let the next pass, and only that one, begin at this batch, counted from 0, without reading those before."""
        if not 0 <= batch <= len(self):
            raise ValueError(f"an epoch has {len(self)} batches; it cannot start at batch {batch}")
        self.first = batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the batches of the chosen epoch; calls of set_epoch after the first batch do not disturb it.

        The place to start is taken when the first batch is asked for: a DataLoader with workers makes an iterator for
        its first pass that it throws away unused.
        """
        first, self.first = self.first, 0
        size, epoch = self.batch_size, self.epoch
        generator = torch.Generator().manual_seed(seed_number(self.seed, epoch))
        order = torch.randperm(self.length, generator=generator)
        for k in range(first, len(self)):
            place = (k * self.world + self.rank) * size
            yield [(epoch, index) for index in order[place : place + size].tolist()]


class TrainLoader:
    """Training batches: iterate once per epoch after ``set_epoch``; after a resume call ``start`` in between.

    Args:
        dataset: map-style, at least batch_size * world items.
        batch_size: images of a batch of this process, >= 1.
        workers: processes that read, >= 0; at most as many as there are cores are started. Batches do not depend on it.
        seed: any whole number.
        rank, world: this process and how many there are; see :class:`EpochSampler`.
        bad_files: collects what cannot be read and says when it is too much; None: the first one ends the run.
        prefetch: batches that each worker reads ahead, >= 1.
        timeout: seconds to wait for a batch of the workers, 0 for ever. Without workers nothing can be timed out.
        pin: put batches into page-locked memory, from where they reach a GPU faster.

    Raises:
        DataError: the data set is smaller than a batch; while iterating, too many files cannot be read, or a batch
            mixes sizes.
        RunError: while iterating, the workers hang or die.
    """

    def __init__(
        self,
        dataset: MapDataset,
        *,
        batch_size: int,
        workers: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
        bad_files: BadFiles | None = None,
        prefetch: int = 2,
        timeout: float = 0,
        pin: bool = False,
    ) -> None:
        if len(dataset) < batch_size * world:
            batch = f"one batch of {batch_size}" + f" in each of {world} processes" * (world > 1)
            raise DataError(
                f"the training data has {len(dataset)} items, fewer than {batch}. "
                f"Add images, or use a smaller batch: `--set data.batch_size={max(1, len(dataset) // world)}`."
            )
        self.dataset = dataset
        self.sampler = EpochSampler(len(dataset), batch_size, seed, rank=rank, world=world)
        self.bad_files = bad_files or BadFiles(0, len(dataset))
        workers = min(workers, os.cpu_count() or 1)
        self._timeout = timeout if workers else 0
        self._loader = DataLoader(
            SeededDataset(dataset, seed, replacements=REPLACEMENTS if self.bad_files.allowed else 0),
            batch_sampler=self.sampler,
            num_workers=workers,
            prefetch_factor=prefetch if workers else None,
            persistent_workers=workers > 0,
            timeout=self._timeout,
            pin_memory=pin,
            collate_fn=collate,
            worker_init_fn=leave_interrupts_to_main,
            generator=torch.Generator(),  # else each pass would draw from the global stream
        )

    def __len__(self) -> int:
        """Return the batches of a whole epoch."""
        return len(self.sampler)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next pass, counted from 1."""
        self.sampler.set_epoch(epoch)

    def start(self, batch: int) -> None:
        """Let the next pass, and only that one, begin at this batch, counted from 0."""
        self.sampler.start(batch)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield batches: tensors (B, C, H, W) and lists of paths under the names of the items."""
        batches = iter(self._loader)
        while True:
            try:
                read: Read = next(batches)
            except StopIteration:
                return
            except RuntimeError as error:
                raise self._explained(error) from error
            if read.error:
                raise DataError(read.error)
            self.bad_files.add(read.failures)
            if read.values is None:
                raise DataError(self.bad_files.in_words(read.failures))
            yield read.values

    def _explained(self, error: RuntimeError) -> Exception:
        """Return what to raise for what torch says about its workers."""
        if self._timeout and "timed out" in str(error):
            return RunError(
                f"no batch came for {self._timeout:g} seconds: the processes that read hang, as happens with network "
                "disks. `--set data.workers=0` shows where; `--set data.timeout=SECONDS` waits longer, 0 for ever."
            )
        if str(error).startswith("DataLoader worker"):
            return RunError(
                f"a process that reads has died ({_first_line(error)}), often for lack of memory. Read with fewer: "
                "`--set data.workers=1`."
            )
        return error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def collate(items: Sequence[Read]) -> Read:
    """Stack items into a batch; there is none if an item is missing, or if the sizes differ, with a message."""
    failures = tuple(failure for item in items for failure in item.failures)
    samples = [item.values for item in items if item.values is not None]
    if len(samples) < len(items):
        return Read(None, failures)
    for name, value in samples[0].items():
        if isinstance(value, torch.Tensor):
            shapes = {tuple(sample[name].shape): sample.get(f"{name}_path", "") for sample in samples}
            if len(shapes) > 1:
                found = ", ".join(f"{shape} {path}".rstrip() for shape, path in shapes.items())
                error = f"the images {name!r} of one batch differ in size: {found}. {ONE_SIZE}"
                return Read(None, failures, error)
    return Read(default_collate(samples), failures)


def leave_interrupts_to_main(worker: int) -> None:
    """Let a Ctrl-C pass by a worker: the main process ends its workers after it has saved what it wants."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
