"""Batches that depend on seed, epoch and position alone."""

import gc
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.config.imports import WORKER_FILES, import_files
from i2ikit.data.bad_files import BadFiles
from i2ikit.data.loading import EpochSampler, TrainLoader
from i2ikit.data.randomness import seed_number, seeded
from i2ikit.data.workers import SIGNALS
from i2ikit.datasets.stripes.stripes import Stripes
from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.errors import DataError, RunError
from i2ikit.registry import DATASETS, OWN_FILES
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip


class RandomStreams:
    """Items of random numbers from all three global streams, with their index and the epoch that was set."""

    def __init__(self, length: int = 8) -> None:
        self.length, self.epoch = length, 0

    def __len__(self) -> int:
        return self.length

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        values = [torch.rand(1).item(), random.random(), float(np.random.rand())]  # noqa: NPY002
        return {"index": index, "epoch": self.epoch, "a": torch.tensor(values)}


class Broken(RandomStreams):
    def __getitem__(self, index: int) -> dict[str, Any]:
        raise DataError(f"item {index} is broken")


def batches(loader: TrainLoader, epoch: int, start: int = 0) -> list[dict[str, Any]]:
    loader.start(epoch, start)
    return list(loader)


def same(ones: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    return len(ones) == len(others) and all(
        torch.equal(one[key], other[key]) for one, other in zip(ones, others, strict=True) for key in one
    )


def loader(workers: int = 0, seed: int = 0, batch_size: int = 2) -> TrainLoader:
    return TrainLoader(RandomStreams(), batch_size=batch_size, workers=workers, seed=seed)


def test_batches_do_not_depend_on_the_number_of_workers() -> None:
    alone, two = loader(0), loader(2)
    for epoch in (1, 2):  # the workers outlive the first epoch
        assert same(batches(alone, epoch), batches(two, epoch))


def test_images_from_folders_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    for folder, count in (("trainA", 3), ("trainB", 5)):
        (tmp_path / folder).mkdir()
        for k in range(count):
            pixels = np.random.default_rng(k).integers(0, 256, (9, 7, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{k}.png")
    seen = []
    for workers in (0, 2):
        dataset = UnpairedFolders(tmp_path, transform=ResizeCropFlip(12, 8, finetune_after=1))
        train = TrainLoader(dataset, batch_size=2, workers=workers, seed=5)
        seen.append([batch for epoch in (1, 2) for batch in batches(train, epoch)])
    for one, other in zip(*seen, strict=True):
        assert one["a_path"] == other["a_path"]
        assert one["b_path"] == other["b_path"]
        assert torch.equal(one["a"], other["a"])
        assert torch.equal(one["b"], other["b"])
    assert seen[0][0]["a"].shape == (2, 3, 8, 8)


def test_each_epoch_and_each_seed_has_its_own_order_and_values() -> None:
    first, again = batches(loader(), 1), batches(loader(), 1)
    assert same(first, again)
    for other in (batches(loader(), 2), batches(loader(seed=1), 1)):
        assert [b["index"].tolist() for b in first] != [b["index"].tolist() for b in other]
        assert not set(torch.stack([b["a"] for b in first]).flatten().tolist()) & set(
            torch.stack([b["a"] for b in other]).flatten().tolist()
        )


def test_a_sample_depends_on_its_index_and_not_on_its_batch() -> None:
    def by_index(batch_size: int) -> dict[int, list[float]]:
        return {
            int(index): values.tolist()
            for batch in batches(loader(batch_size=batch_size), 3)
            for index, values in zip(batch["index"], batch["a"], strict=True)
        }

    assert by_index(1) == by_index(4)


def test_every_item_comes_once_an_epoch_and_a_short_last_batch_drops() -> None:
    indices = torch.cat([batch["index"] for batch in batches(loader(), 1)])
    assert sorted(indices.tolist()) == list(range(8))
    short = loader(batch_size=3)
    assert len(short) == 2
    assert len(batches(short, 1)) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pass_that_starts_late_has_the_rest_of_the_epoch(workers: int) -> None:
    train = loader(workers)
    complete = batches(train, 4)
    assert same(batches(train, 4, start=3), complete[3:])
    assert same(batches(train, 4), complete)  # the late start held for one pass


@pytest.mark.parametrize("workers", [0, 2])
def test_the_very_first_pass_can_start_late(workers: int) -> None:
    assert same(batches(loader(workers), 4, start=3), batches(loader(), 4)[3:])


def test_a_late_start_reads_nothing_of_what_it_skips() -> None:
    read: list[int] = []

    class Counting(RandomStreams):
        def __getitem__(self, index: int) -> dict[str, Any]:
            read.append(index)
            return super().__getitem__(index)

    train = TrainLoader(Counting(), batch_size=2, workers=0, seed=0)
    batches(train, 1, start=3)
    assert len(read) == 2


def test_a_start_past_the_epoch_is_refused() -> None:
    with pytest.raises(ValueError, match="an epoch has 4 batches; it cannot start at batch 5"):
        loader().start(1, 5)


def test_a_pass_that_was_left_early_does_not_disturb_the_next() -> None:
    train = loader(2)
    complete = batches(loader(0), 2)
    train.start(1)
    next(iter(train))
    assert same(batches(train, 2), complete)


def test_the_epoch_reaches_the_data_set_in_workers_that_outlive_an_epoch() -> None:
    train = loader(2)
    for epoch in (1, 2, 5):
        assert {int(e) for batch in batches(train, epoch) for e in batch["epoch"]} == {epoch}


@pytest.mark.parametrize("workers", [0, 2])
def test_the_global_streams_of_this_process_are_unchanged(workers: int) -> None:
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = torch.get_rng_state(), random.getstate(), repr(np.random.get_state())  # noqa: NPY002
    batches(loader(workers), 1)
    after = torch.get_rng_state(), random.getstate(), repr(np.random.get_state())  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_the_streams_are_restored_after_an_error_too() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), seeded(3):
        1 / (torch.rand(1).item() * 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_neighboring_keys_give_unlike_seeds() -> None:
    assert len({seed_number(seed, epoch, i) for seed in (-1, 0, 1) for epoch in (1, 11) for i in (1, 11)}) == 12


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_error_arrives_as_itself_without_a_traceback_in_its_message(workers: int) -> None:
    train = TrainLoader(Broken(), batch_size=2, workers=workers, seed=0)
    with pytest.raises(DataError, match=r"^item \d is broken$"):
        batches(train, 1)


class PartlyBroken(RandomStreams):
    """Items 2 and 5 cannot be read."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index in (2, 5):
            raise DataError(f"{index}.png is broken")
        return super().__getitem__(index)


def tolerant(workers: int = 0, *, fraction: float = 0.5, files: int = 8, world: int = 1, rank: int = 0) -> TrainLoader:
    bad = BadFiles(fraction, files)
    dataset = PartlyBroken()
    return TrainLoader(dataset, batch_size=4 // world, workers=workers, seed=0, world=world, rank=rank, bad_files=bad)


def test_an_item_that_cannot_be_read_is_replaced_by_another() -> None:
    train, complete = tolerant(), TrainLoader(RandomStreams(), batch_size=4, workers=0, seed=0)
    found = torch.cat([batch["index"] for batch in batches(train, 1)]).tolist()
    meant = torch.cat([batch["index"] for batch in batches(complete, 1)]).tolist()
    assert len(found) == 8
    assert not {2, 5} & set(found)
    assert all(one == other for one, other in zip(found, meant, strict=True) if other not in (2, 5))
    assert sorted(train.bad_files.messages) == ["2.png is broken", "5.png is broken"]


@pytest.mark.parametrize("workers", [0, 2])
def test_replacements_depend_neither_on_workers_nor_on_ranks_nor_on_a_resume(workers: int) -> None:
    def joined(parts: list[list[dict[str, Any]]]) -> list[list[float]]:
        return [sample.tolist() for step in zip(*parts, strict=True) for part in step for sample in part["a"]]

    alone = joined([batches(tolerant(), 1)])
    assert joined([batches(tolerant(workers), 1)]) == alone
    assert joined([batches(tolerant(workers, world=2, rank=rank), 1) for rank in (0, 1)]) == alone
    assert joined([batches(tolerant(workers), 1, start=1)]) == alone[4:]


def test_more_bad_files_than_allowed_end_the_run_with_their_list() -> None:
    with pytest.raises(
        DataError,
        match=r"(?s)2 of 8 files cannot be read; data\.bad_fraction=0\.1 allows 1:\n  - .*is broken\n  - .*is bro",
    ):
        batches(tolerant(fraction=0.1), 1)


def test_a_data_set_of_which_nothing_can_be_read_ends_the_run_whatever_the_fraction() -> None:
    train = TrainLoader(Broken(1000), batch_size=2, workers=0, seed=0, bad_files=BadFiles(0.9, 1000))
    with pytest.raises(DataError, match=r"of 1000 files cannot be read"):
        batches(train, 1)


class Hanging(RandomStreams):
    def __getitem__(self, index: int) -> dict[str, Any]:
        time.sleep(30)
        return super().__getitem__(index)


class Dying(RandomStreams):
    def __getitem__(self, index: int) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


@pytest.mark.slow  # torch gives a hung worker five seconds to end
def test_a_loader_that_hangs_is_timed_out_with_a_way_out() -> None:
    """Pain 23: the loader hangs without an error."""
    train = TrainLoader(Hanging(), batch_size=2, workers=1, seed=0, timeout=1)
    with pytest.raises(RunError, match=r"no batch came for 1 seconds.*data\.workers=0.*data\.timeout=SECONDS"):
        batches(train, 1)
    (worker,) = multiprocessing.active_children()
    os.kill(worker.pid, signal.SIGTERM)  # as Slurm does; the main process may still need it
    worker.join(0.2)
    assert worker.exitcode is None
    del train
    gc.collect()
    worker.join(60)
    assert worker.exitcode == 0


def test_a_worker_that_dies_is_named_with_a_way_out() -> None:
    train = TrainLoader(Dying(), batch_size=2, workers=1, seed=0)
    with pytest.raises(RunError, match=r"a data-loading worker died \(.*\).*--set data\.workers=1"):
        batches(train, 1)


def test_a_worker_that_dies_is_an_error_of_the_next_batch_and_not_of_what_runs_at_that_moment() -> None:
    train = TrainLoader(RandomStreams(64), batch_size=2, workers=1, seed=0)
    train.start(1)
    read = iter(train)
    next(read)
    (worker,) = multiprocessing.active_children()
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(60)
    time.sleep(0.01)  # SIGCHLD has arrived; torch would have raised here, or in the line before
    with pytest.raises(RunError, match=r"a data-loading worker died"):
        list(read)


@pytest.mark.slow  # a fresh process imports torch again
def test_workers_that_are_spawned_read_what_forked_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pain 19: Windows and macOS spawn workers, so everything must be pickled."""
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(multiprocessing.context._default_context, "_actual_context", spawn)
    alone, two = (
        TrainLoader(Stripes(count=4, load_size=8), batch_size=2, workers=workers, seed=0) for workers in (0, 1)
    )
    complete = [batch["b"] for batch in batches(alone, 1)]
    found = [batch["b"] for batch in batches(two, 1)]
    assert torch.equal(torch.stack(found), torch.stack(complete))


OWN_DATA = """
import torch
from i2ikit.registry import DATASETS


@DATASETS.register_module()
class Levels:
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {"a": torch.full((3, 8, 8), index / 4), "b": torch.zeros(3, 8, 8), "a_path": str(index), "b_path": "0"}
"""


@pytest.mark.slow  # a fresh process imports torch again
def test_a_data_set_of_a_file_of_the_user_reaches_workers_that_are_spawned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(multiprocessing.context._default_context, "_actual_context", spawn)
    monkeypatch.setenv(WORKER_FILES, "")
    (tmp_path / "levels.py").write_text(OWN_DATA)
    import_files([tmp_path / "levels.py"])
    try:
        dataset = DATASETS.get("Levels")()
        alone, two = (TrainLoader(dataset, batch_size=1, workers=workers, seed=0) for workers in (0, 1))
        found = torch.stack([batch["a"] for batch in batches(two, 1)])
        assert torch.equal(found, torch.stack([batch["a"] for batch in batches(alone, 1)]))
        assert sorted(found[:, 0, 0, 0, 0].tolist()) == [0, 0.25, 0.5, 0.75]
    finally:
        DATASETS.module_dict.pop("Levels")
        sys.modules.pop(f"{OWN_FILES}levels")


def test_images_of_different_sizes_in_one_batch_are_named_with_a_way_out() -> None:
    class Sizes(RandomStreams):
        def __getitem__(self, index: int) -> dict[str, Any]:
            return {"a": torch.zeros(3, 4, 4 + index), "a_path": f"{index}.png"}

    train = TrainLoader(Sizes(2), batch_size=2, workers=0, seed=0)
    with pytest.raises(
        DataError, match=r"the images 'a' of one batch differ in size: .*\(3, 4, 5\) 1\.png.*ResizeCropFlip"
    ):
        batches(train, 1)


class SignaledWorker(RandomStreams):
    def __getitem__(self, index: int) -> dict[str, Any]:
        for number in SIGNALS:
            os.kill(os.getpid(), number)
        return super().__getitem__(index)


def test_a_signal_to_all_processes_of_a_run_does_not_end_the_workers() -> None:
    train = TrainLoader(SignaledWorker(), batch_size=2, workers=1, seed=0)
    assert same(batches(train, 1), batches(loader(), 1))


@pytest.mark.parametrize(
    ("batch_size", "world", "message"),
    [
        (4, 1, r"3 items, fewer than one batch of 4\. .*--set data\.batch_size=3"),
        (2, 2, r"3 items, fewer than one batch of 2 in each of 2 .*--set data\.batch_size=1"),
    ],
)
def test_fewer_items_than_the_batches_of_all_ranks_are_refused(batch_size: int, world: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TrainLoader(RandomStreams(3), batch_size=batch_size, workers=0, seed=0, world=world)


def fingerprint(workers: int, world: int, resumed_at: int = 0, images: Path | None = None) -> str:
    """Return a hash of the samples of two epochs in the order of the run."""
    dataset = RandomStreams(13) if images is None else UnpairedFolders(images, transform=ResizeCropFlip(12, 8))
    ranks = [
        TrainLoader(dataset, batch_size=4 // world, workers=workers, seed=3, rank=rank, world=world)
        for rank in range(world)
    ]
    digest = hashlib.blake2b()
    for epoch in (1, 2):
        if epoch == 1 and resumed_at:
            list(zip(*(batches(rank, epoch) for rank in ranks), strict=True))  # what the interrupted run had read
        for parts in zip(*(batches(rank, epoch, start=resumed_at) for rank in ranks), strict=True):
            for part in parts:
                for sample in zip(*part.values(), strict=True):
                    for value in sample:
                        digest.update(value.encode() if isinstance(value, str) else value.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")  # on a machine of fewer cores
@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize(
    "workers", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
)
def test_the_sequence_of_samples_depends_neither_on_workers_nor_on_ranks(
    workers: int, world: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert fingerprint(workers, world) == fingerprint(0, 1)
    assert fingerprint(workers, world, resumed_at=2) == fingerprint(0, 1, resumed_at=2)


def test_the_batches_of_ranks_joined_are_those_of_one_process() -> None:
    complete = EpochSampler(11, 4, seed=1)
    parts = [EpochSampler(11, 2, seed=1, rank=rank, world=2) for rank in (0, 1)]
    assert [len(part) for part in parts] == [2, 2]
    assert [first + second for first, second in zip(*parts, strict=True)] == list(complete)


def test_a_rank_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rank must be in 0 .. world - 1, not 2 of 2"):
        EpochSampler(8, 1, seed=0, rank=2, world=2)


def test_the_order_is_uniform() -> None:
    sampler, first = EpochSampler(4, 1, seed=0), []
    for epoch in range(1, 401):
        sampler.start(epoch)
        first.append(next(iter(sampler))[0][1])
    assert all(70 <= first.count(index) <= 130 for index in range(4))  # 100 expected, 3.5 deviations
