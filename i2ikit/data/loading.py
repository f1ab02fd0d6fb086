"""Batches that are a function of (seed, epoch, position): equal with any number of workers, and after a resume."""

import multiprocessing
import os
import weakref
from collections.abc import Iterator, Sequence, Sized
from functools import partial
from typing import Any, NamedTuple, Protocol

import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from i2ikit.data.bad_files import BadFiles
from i2ikit.data.randomness import seed_number, seeded
from i2ikit.data.workers import dead_workers, leave_signals_to_main, signals_held
from i2ikit.errors import DataError, RunError, counted

REPLACEMENTS = 16  # items to try instead of one that cannot be read
ONE_SIZE = 'Give the training data a transform, such as dict(type="ResizeCropFlip"), or use data.batch_size=1.'


class MapDataset(Sized, Protocol):
    """What the loader needs of a data set.

    Optional are ``set_epoch(epoch)``, which may use the global random streams, ``describe()``, a sentence about the
    epochs, ``image_names``, the names of the images of an item if there are more than ``a`` and ``b``, or a static
    method that returns them for the arguments in a config, ``paths``, files by domain, ``domains``, whose prepared
    images a cache can keep, and ``leave_out_unreadable()``, which returns a message about each file that is left out.
    """

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        """Return one item."""


class Loaded(NamedTuple):
    """An item or a batch from a data-loading worker, with what went wrong.

    Attributes:
        values: None where there are none.
        failures: messages about files that could not be read and were replaced by others.
        error: why no batch can be made.
    """

    values: dict[str, Any] | None
    failures: tuple[str, ...] = ()
    error: str = ""


class SeededDataset(Dataset[Loaded]):
    """A data set indexed by (epoch, index) whose items are a function of (seed, epoch, index).

    The epoch travels with the index because a worker that outlives an epoch has its own copy of the data set. An item
    whose file cannot be read is replaced by another one, which is a function of (seed, epoch, index) too.

    Args:
        dataset: map-style; it raises DataError for what it cannot read.
        seed: any integer.
        replacements: items to try instead of one that cannot be read, >= 0.

    Attributes:
        stretch: epochs of the schedule and of the run; transforms that count epochs see those of the schedule. None
            where they are equal.
    """

    def __init__(self, dataset: MapDataset, seed: int, *, replacements: int = 0) -> None:
        self.dataset, self.seed, self.replacements = dataset, seed, replacements
        self._epoch: int | None = None
        self.stretch: tuple[int, int] | None = None

    def __getitem__(self, item: tuple[int, int]) -> Loaded:
        """Return one item, and the messages of the DataErrors that came before it."""
        epoch, index = item
        if epoch != self._epoch and hasattr(self.dataset, "set_epoch"):
            length, epochs = self.stretch or (1, 1)
            with seeded(self.seed, epoch):  # a data set may shuffle an epoch
                self.dataset.set_epoch(1 + (epoch - 1) * length // epochs)
        self._epoch = epoch
        failures: list[str] = []
        for key in [(epoch, index), *((epoch, index, attempt) for attempt in range(1, self.replacements + 1))]:
            chosen = index if len(key) == 2 else seed_number(self.seed, *key) % len(self.dataset)
            with seeded(self.seed, *key):
                try:
                    return Loaded(self.dataset[chosen], tuple(failures))
                except DataError as error:
                    failures.append(str(error))
        return Loaded(None, tuple(failures))


class EpochSampler(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index): the order of an epoch is a function of (seed, epoch).

    An incomplete last batch is dropped.

    The processes of a run divide each step's batch: their parts, joined in the order of ranks, are the batch of one
    process with ``world`` times their batch size.

    Args:
        length: items of the data set, >= batch_size * world.
        batch_size: items of a batch of this process, >= 1.
        seed: any integer.
        rank: of this process, 0 .. world - 1.
        world: processes of the run, >= 1.
    """

    def __init__(self, length: int, batch_size: int, seed: int, *, rank: int = 0, world: int = 1) -> None:
        if not 0 <= rank < world:
            raise ValueError(f"rank must be in 0 .. world - 1, not {rank} of {world}")
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.rank, self.world = rank, world
        self.epoch, self.first = 1, 0

    def __len__(self) -> int:
        """Return the number of batches of an epoch, the same for every process."""
        return self.length // (self.batch_size * self.world)

    def start(self, epoch: int, batch: int = 0) -> None:
        """Set the epoch, from 1, and the first batch, from 0, of the next iteration; earlier batches are not read.

        The iterations after that one begin at batch 0.
        """
        if not 0 <= batch <= len(self):
            raise ValueError(f"an epoch has {counted(len(self), 'batch')}; it cannot start at batch {batch}")
        self.epoch, self.first = epoch, batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the batches of the epoch; a ``start`` after the first batch has no effect on them.

        The start is read with the first batch: a DataLoader with workers makes one iterator that it never uses.
        """
        first, self.first = self.first, 0
        size, epoch = self.batch_size, self.epoch
        generator = torch.Generator().manual_seed(seed_number(self.seed, epoch))
        order = torch.randperm(self.length, generator=generator)
        for k in range(first, len(self)):
            start = (k * self.world + self.rank) * size
            yield [(epoch, index) for index in order[start : start + size].tolist()]


class TrainLoader:
    """Training batches: call ``start``, then iterate, once per epoch.

    Args:
        dataset: map-style, at least batch_size * world items.
        batch_size: images of a batch of this process, >= 1.
        workers: data-loading workers, >= 0, limited to the number of cores. Batches do not depend on it.
        seed: any integer.
        rank, world: this process and how many there are; see :class:`EpochSampler`.
        bad_files: collects what cannot be read and raises when it is too much; None: the first one ends the run.
        prefetch: batches that each worker reads ahead, >= 1.
        timeout: seconds to wait for a batch of the workers, 0 for no limit. Without workers there is none.
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
                f"the training data has {counted(len(dataset), 'item')}, fewer than {batch}. "
                f"Add images, or use a smaller batch: `--set data.batch_size={max(1, len(dataset) // world)}`."
            )
        self.dataset = dataset
        self.sampler = EpochSampler(len(dataset), batch_size, seed, rank=rank, world=world)
        self.bad_files = bad_files or BadFiles(0, len(dataset))
        workers = min(workers, os.cpu_count() or 1)
        self._timeout = timeout if workers else 0
        self._ending = multiprocessing.Event()
        weakref.finalize(self, self._ending.set)  # also when the process ends, before it waits for its workers
        self._items = SeededDataset(dataset, seed, replacements=REPLACEMENTS if self.bad_files.allowed else 0)
        self._loader = DataLoader(
            self._items,
            batch_sampler=self.sampler,
            num_workers=workers,
            prefetch_factor=prefetch if workers else None,
            persistent_workers=workers > 0,
            timeout=self._timeout,
            pin_memory=pin,
            collate_fn=collate,
            worker_init_fn=partial(leave_signals_to_main, self._ending) if workers else None,
            generator=torch.Generator(),  # else each iteration would use the global stream
        )

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self.sampler)

    def start(self, epoch: int, batch: int = 0) -> None:
        """Set the epoch and the first batch of the next iteration, see :meth:`EpochSampler.start`."""
        self.sampler.start(epoch, batch)

    def stretch(self, length: int | None, epochs: int) -> None:
        """Map the epochs that transforms count to the ``length`` of a schedule; before the first iteration."""
        self._items.stretch = (length, epochs) if length else None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield batches: tensors (B, C, H, W) and lists of paths under the names of the items."""
        with signals_held():
            batches = iter(self._loader)  # starts the workers
        dead_workers.watch()
        while True:
            try:
                with dead_workers.raised():
                    read: Loaded = next(batches)
            except StopIteration:
                return
            except RuntimeError as error:
                raise self._explained(error) from error
            if read.error:
                raise DataError(read.error)
            self.bad_files.add(read.failures)
            if read.values is None:
                raise DataError(self.bad_files.format_messages(read.failures))
            yield read.values

    def _explained(self, error: RuntimeError) -> Exception:
        """Return the exception to raise for torch's error about its workers."""
        if self._timeout and "timed out" in str(error):
            return RunError(
                f"no batch came for {self._timeout:g} seconds: the data-loading workers hang, as happens with network "
                "disks. `--set data.workers=0` shows where; `--set data.timeout=SECONDS` waits longer, 0 without limit."
            )
        if str(error).startswith("DataLoader worker"):
            return RunError(
                f"a data-loading worker died ({_first_line(error)}), often for lack of memory. Use fewer: "
                "`--set data.workers=1`."
            )
        return error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def collate(items: Sequence[Loaded]) -> Loaded:
    """Stack items into a batch; without values if an item is missing, and with an error if the sizes differ."""
    failures = tuple(failure for item in items for failure in item.failures)
    samples = [item.values for item in items if item.values is not None]
    if len(samples) < len(items):
        return Loaded(None, failures)
    for name, value in samples[0].items():
        if isinstance(value, torch.Tensor):
            shapes = {tuple(sample[name].shape): sample.get(f"{name}_path", "") for sample in samples}
            if len(shapes) > 1:
                found = ", ".join(f"{shape} {path}".rstrip() for shape, path in shapes.items())
                error = f"the images {name!r} of one batch differ in size: {found}. {ONE_SIZE}"
                return Loaded(None, failures, error)
    return Loaded(default_collate(samples), failures)
