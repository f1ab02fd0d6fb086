"""Translating all images of a folder, although some of them are damaged; what is done, and what failed, is counted."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import DataError, I2IKitError, RunError, one_line
from i2ikit.files import FULL, nearest_beside, remove_leftovers
from i2ikit.images import format_extensions, list_images
from i2ikit.inference.image_files import ImageFiles
from i2ikit.inference.pipeline import Job, Pipeline, Speed
from i2ikit.inference.plan import FolderPlan, Share, make_output_folder, refuse_replacing
from i2ikit.inference.sequences.translate import SequenceResult
from i2ikit.inference.tally import Tally
from i2ikit.inference.variants import Request

COUNTING = 0.5  # seconds that an interrupted run waits for the number of all images

Progress = Callable[[int, int | None], None]
OnSequence = Callable[[Path, SequenceResult], None]


class FolderOptions(TypedDict, total=False):
    """How the images of a folder are translated.

    Attributes:
        on_progress: called after each image, translated, skipped or failed, with the number of finished images and of
            all; None while the folder is still being listed.
        on_sequence: called after each video and each other file with several frames, with its path and result.
        batch, workers: see :class:`i2ikit.inference.pipeline.Speed`.
        skip_existing: skip images whose output exists, can be read to its end, and has their size.
        share: ``(i, n)``, translate the i-th of n shares, i from 1 to n; other processes translate the others.
        seed: >= 0, of the random values of an output; with the name of the image they depend on nothing else.
        samples: >= 1, translations of each image, ``NAME_0``, ``NAME_1`` ...; None: one, ``NAME``.
        inputs: further images that an output reads, by name: a file, or a folder of files of the same names.
    """

    on_progress: Progress | None
    on_sequence: OnSequence | None
    batch: int | None
    workers: int | None
    skip_existing: bool
    share: tuple[int, int]
    seed: int
    samples: int | None
    inputs: Mapping[str, Any] | None


def request_of(files: ImageFiles, options: FolderOptions) -> Request:
    """Return the variants that options ask for; see :meth:`i2ikit.inference.variants.Variants.request`."""
    return files.variants.request(options.get("seed", 0), options.get("samples"), options.get("inputs"))


def translate_folder(files: ImageFiles, source: Path, output: Path, options: FolderOptions) -> Tally:
    """Translate all images of a folder, or a share of them; see :meth:`i2ikit.inference.Translator.folder`."""
    plan = FolderPlan(source, output, files.channels, Share.of(options.get("share")))
    speed = Speed(options.get("batch"), options.get("workers"))
    request = request_of(files, options)
    refuse_replacing((options.get("inputs") or {}).values(), [output])
    run = FolderRun(plan, options.get("on_progress"), options.get("on_sequence"), request)
    return run.translate(Pipeline(files, speed, run.finish, skip_existing=options.get("skip_existing", False)))


class FolderRun:
    """Translates the images of a folder and counts them.

    Args:
        plan: which image becomes which file.
        on_progress, on_sequence: see :class:`FolderOptions`.
        request: which variants of each image.

    Attributes:
        tally: of what is done.
    """

    def __init__(
        self,
        plan: FolderPlan,
        on_progress: Progress | None = None,
        on_sequence: OnSequence | None = None,
        request: Request | None = None,
    ) -> None:
        self._request = request or Request()
        self.plan, self.on_progress, self.on_sequence = plan, on_progress, on_sequence
        self.tally = Tally(plan.source, plan.output)
        self._walk = plan.walk(self.tally.unlisted)
        self._total: int | None = None
        self._counter = threading.Thread(target=self._count, daemon=True)

    def translate(self, pipeline: Pipeline) -> Tally:
        """Run a pipeline on the images of the folder.

        Raises:
            DataError: the folder cannot be listed, or the output folder cannot be written.
            RunError: the disk is full.
            RunInterruptedError: Ctrl-C.
        """
        self._counter.start()
        try:
            pipeline.run(self._jobs())
        except KeyboardInterrupt:
            raise RunInterruptedError(f"interrupted: {self._sentence()}") from None
        except RunError as error:
            raise RunError(f"{error}\n{self._sentence()}") from error
        self.tally.listed = self._walk.images * (self._request.samples or 1)
        self.tally.others = self._walk.others if self.plan.share.index == 1 else 0
        return self.tally

    def finish(self, job: Job, error: Exception | None) -> None:
        """Count an image.

        Raises:
            RunError: the disk is full, so that all others would fail too.
        """
        if error is None:
            self.tally.written += not job.skipped
            self.tally.skipped += job.skipped
            job.counted = True  # no call between these lines, so no interrupt
        else:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in FULL:
                raise error
            known = isinstance(error, I2IKitError)
            reason = str(error) if known else f"{job.source}: {type(error).__name__}: {error}"
            self.tally.failures.append(one_line(reason))
        if self.on_sequence is not None and job.sequence is not None:
            self.on_sequence(job.source, job.sequence)
        if self.on_progress is not None:
            self.on_progress(self.tally.done, self._total)

    def _sentence(self) -> str:
        self._counter.join(COUNTING)
        return self.tally.sentence(self._total)

    def _jobs(self) -> Iterator[Job]:
        """Yield the images; those whose target is refused have failed."""
        folders: set[Path] = set()
        for name in self.plan.names(self._walk):
            folder = (self.plan.output / name).parent
            if not folders:
                make_output_folder(self.plan.output)
            if folder not in folders:
                folders.add(folder)
                remove_leftovers(folder)
            source = self.plan.source / name
            try:
                targets = self._request.files(self.plan.target(name))
                variants = self._request.variants(name)
            except DataError as error:
                for target in self._request.files(self.plan.output / name):
                    self.finish(Job(source, target), error)
            else:
                yield from map(partial(Job, source), targets, variants)

    def _count(self) -> None:
        """Count the images in a second walk, of which no names are kept."""
        with suppress(DataError):
            self._total = sum(self._request.samples or 1 for _ in self.plan.names(self.plan.walk([])))


def images_in(folder: Path) -> list[str]:
    """Return the paths of all images below a folder, in natural order.

    Raises:
        DataError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}.{nearest_beside(folder)}")
    images = list(list_images(folder))
    if not images:
        raise DataError(f"there are no images in {folder}; looked for {format_extensions()}")
    return images
