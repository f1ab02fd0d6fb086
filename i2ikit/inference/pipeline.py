"""Translates many images with reading, network and writing at the same time, images of equal size in one batch."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2ikit.checks import positive_int
from i2ikit.errors import DataError
from i2ikit.images.files import read_header
from i2ikit.inference.completeness import is_complete
from i2ikit.inference.failures import translation_errors
from i2ikit.inference.freed_memory import freed_memory_kept
from i2ikit.inference.image_files import ImageFiles, Opened
from i2ikit.inference.sequences.containers import is_video
from i2ikit.inference.sequences.translate import SequenceResult
from i2ikit.inference.variants import Variant
from i2ikit.ops.convolutions import GATE

GPU_PIXELS = 2**20  # of a batch: 16 images of 256 x 256 pixels
CPU_ALONE, GPU_ALONE = 2**20, 2**22  # pixels from which an image is translated alone, by all cores
AHEAD = 3  # batches per lane, or images of the largest size, that are in memory
MOST_FILES = 256  # in memory, unless a batch is larger
MOST_WORKERS = 8


@dataclass(eq=False)
class Job:
    """A file to translate.

    Attributes:
        source, target: input and output.
        variant: which of its translations the file gets.
        opened: the image, while it is in memory; None also where it is translated alone.
        skipped: its output was complete already.
        written: its output was written.
        counted: ``finish`` has taken it into account.
        sequence: what was translated of a file with several frames.
    """

    source: Path
    target: Path
    variant: Variant = field(default_factory=Variant)
    opened: Opened | None = None
    skipped: bool = False
    written: bool = False
    counted: bool = False
    sequence: SequenceResult | None = None

    @property
    def pixels(self) -> int:
        """Height x width of the image that is in memory."""
        return 0 if self.opened is None else self.opened.pixels.shape[-2] * self.opened.pixels.shape[-1]


@dataclass(frozen=True)
class Speed:
    """How many images are worked on at the same time.

    Attributes:
        batch: images of a call of the network, at least 1. None: as many as have 2^16 pixels together on the CPU, where
            larger batches are no faster, and 2^20 on a GPU.
        workers: threads that read and write files, at least 1. None: one per core, at most 8.

    Raises:
        ValueError: a number is below 1.
    """

    batch: int | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        for name in ("batch", "workers"):
            if getattr(self, name) is not None:
                positive_int(name, getattr(self, name))


Finish = Callable[[Job, Exception | None], None]


@dataclass
class Pipeline:
    """Translates files; one thread drives the others, and calls ``finish``.

    Small images on the CPU are translated by as many threads as there are cores, each with one thread of its own
    inside of torch: less waiting than when all cores share each operation. A compiled network runs in one thread at a
    time. Large images, and files with several frames, are translated alone.

    Args:
        files: reads, translates and writes the images.
        speed: how many at the same time.
        finish: called for each file, with the error if it failed; an exception that it raises ends the run. It sets
            ``counted``.
        skip_existing: skip a file whose output is complete.
    """

    files: ImageFiles
    speed: Speed
    finish: Finish
    skip_existing: bool = False
    _buckets: dict[tuple[tuple[int, ...], object], list[Job]] = field(default_factory=dict)
    _alone: list[Job] = field(default_factory=list)
    _waiting: dict[Future[Any], tuple[Callable[..., None], list[Job]]] = field(default_factory=dict)
    _in_flight: set[Job] = field(default_factory=set)
    _pixels: int = 0

    def __post_init__(self) -> None:
        self._on_cpu = self.files.device.type == "cpu"
        self._largest = CPU_ALONE if self._on_cpu else GPU_ALONE
        self._cores = torch.get_num_threads()
        self.lanes = (1 if self.files.network.is_compiled else self._cores) if self._on_cpu else 2
        self._reading = self._translating = 0

    def run(self, jobs: Iterable[Job]) -> None:
        """Translate files; on an exception, what is being written is finished and all else is dropped."""
        workers = self._workers = self.speed.workers or min(MOST_WORKERS, os.cpu_count() or 1)
        with (
            freed_memory_kept() if self._on_cpu else nullcontext(),
            self.files.network.kernels.keeping(),
            intra_op_threads(1 if self._on_cpu and self.lanes > 1 else self._cores),
            ThreadPoolExecutor(workers, "i2ikit-files") as self._disk,
            ThreadPoolExecutor(self.lanes, "i2ikit-network") as self._networks,
        ):
            try:
                self._drive(iter(jobs))
            except BaseException:
                self._drop()
                raise

    def _drive(self, jobs: Iterator[Job]) -> None:
        more = True
        while more or self._in_flight:
            while more and self._has_room():
                job = next(jobs, None)
                more = job is not None
                if job is not None:
                    self._in_flight.add(job)
                    self._reading += 1
                    self._submit(self._disk, self._prepare, self._on_prepared, [job])
            self._flush()
            self._collect()
            while self._alone and not self._translating:
                self._translate_alone(self._alone.pop())

    def _has_room(self) -> bool:
        files = max(MOST_FILES, AHEAD * self.lanes * (self.speed.batch or 1))
        pixels = AHEAD * self.lanes * self._largest
        return self._reading < 2 * self._workers and len(self._in_flight) < files and self._pixels < pixels

    def _flush(self) -> None:
        """Start the batches that are full; all of them, once nothing is being read."""
        for (shape, variant), jobs in list(self._buckets.items()):
            limit = self._batch_size(shape)
            while len(jobs) >= limit or (jobs and not self._reading):
                batch, jobs = jobs[:limit], jobs[limit:]
                self._translating += 1
                self._submit(self._networks, self._translate, self._on_translated, batch)
            self._buckets[shape, variant] = jobs
            if not jobs:
                del self._buckets[shape, variant]

    def _batch_size(self, shape: tuple[int, ...]) -> int:
        """Return the images of a batch; on a CPU one by default: more are no faster, and round differently."""
        largest = 1 if self._on_cpu else GPU_PIXELS // (shape[-2] * shape[-1])
        return self.speed.batch or max(1, largest)

    def _submit(
        self, pool: ThreadPoolExecutor, work: Callable[[list[Job]], Any], then: Callable[..., None], jobs: list[Job]
    ) -> None:
        self._waiting[pool.submit(work, jobs)] = (then, jobs)

    def _collect(self) -> None:
        """Wait until something has ended, and go on with it."""
        if self._waiting:
            for future in wait(self._waiting, return_when=FIRST_COMPLETED).done:
                then, jobs = self._waiting.pop(future)
                then(future, jobs)

    def _drop(self) -> None:
        """Wait for what is running, start nothing more, and report what was written.

        An interrupt can have arrived at any point of the driving thread, so each job knows itself what became of it.
        """
        self._disk.shutdown(wait=True, cancel_futures=True)
        self._networks.shutdown(wait=True, cancel_futures=True)
        for job in self._in_flight:
            if job.written and not job.counted:
                self.finish(job, None)

    def _prepare(self, jobs: list[Job]) -> None:
        """Read an image, unless it is to be skipped or translated alone."""
        [job] = jobs
        if self.skip_existing and is_complete(job.target, job.source):
            job.skipped = True
            return
        if is_video(job.source):
            return
        header = read_header(job.source)
        if header.frames == 1 and header.width * header.height < self._largest:
            job.opened = self.files.open(job.source, job.variant)

    def _on_prepared(self, future: Future[None], jobs: list[Job]) -> None:
        self._reading -= 1
        [job] = jobs
        error = future.exception()
        if error is not None or job.skipped:
            self._end(job, error)
        elif job.opened is None:
            self._alone.append(job)
        else:
            self._pixels += job.pixels
            alike = tuple(job.opened.pixels.shape), job.opened.variant.shapes
            self._buckets.setdefault(alike, []).append(job)

    def _translate(self, jobs: list[Job]) -> Tensor:
        """Return the outputs (B, C, H, W) of images of one size, on the CPU."""
        return self.files.run([_opened(job) for job in jobs]).cpu()

    def _on_translated(self, future: Future[Tensor], jobs: list[Job]) -> None:
        self._translating -= 1
        error = future.exception()
        if error is None:
            for job, output in zip(jobs, future.result(), strict=True):
                self._submit(self._disk, partial(self._save, output), self._on_written, [job])
        elif len(jobs) > 1:
            for job in jobs:
                self._translating += 1
                self._submit(self._networks, self._translate, self._on_translated, [job])
        else:
            self._end(jobs[0], self._explained(jobs[0], error))

    def _explained(self, job: Job, error: BaseException) -> BaseException:
        """Return the error of one image, with its name, size and the next step."""
        height, width = _opened(job).pixels.shape[-2:]
        try:
            with translation_errors(job.source, width, height, self.files.training_size):
                raise error
        except DataError as explained:
            return explained

    def _save(self, output: Tensor, jobs: list[Job]) -> None:
        self.files.save(output, _opened(jobs[0]), jobs[0].target)
        jobs[0].written = True

    def _on_written(self, future: Future[None], jobs: list[Job]) -> None:
        self._end(jobs[0], future.exception())

    def _translate_alone(self, job: Job) -> None:
        """Translate a file in this thread, with all cores."""
        with intra_op_threads(self._cores):
            try:
                job.sequence = self.files.translate(job.source, job.target, variant=job.variant)
                job.written = True
            except Exception as error:
                self._end(job, error)
            else:
                self._end(job, None)

    def _end(self, job: Job, error: BaseException | None) -> None:
        self._pixels -= job.pixels
        job.opened = None
        if error is not None and not isinstance(error, Exception):
            raise error
        self.finish(job, error)
        self._in_flight.discard(job)


@contextmanager
def intra_op_threads(count: int) -> Iterator[None]:
    """Let torch use a number of threads inside of an operation."""
    before = torch.get_num_threads()
    _set_threads(count)
    try:
        yield
    finally:
        _set_threads(before)


def _set_threads(count: int) -> None:
    if count != torch.get_num_threads():
        with GATE.changing():
            torch.set_num_threads(count)


def _opened(job: Job) -> Opened:
    assert job.opened is not None, "it was read before"
    return job.opened
