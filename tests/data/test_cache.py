"""Prepared images that are kept: the same pixels, whoever made them, whatever was killed."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.data.cache import ImageCache, identity
from i2ikit.errors import DataError
from i2ikit.ops.pixels import Pixels
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip


@pytest.fixture
def cache(tmp_path: Path) -> ImageCache:
    return ImageCache(tmp_path / "cache")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(path)
    return path


class Making:
    """Makes an image and counts how often."""

    def __init__(self, image: Pixels) -> None:
        self.image, self.calls = image, 0

    def __call__(self) -> Pixels:
        self.calls += 1
        return self.image


def noise(mode: str) -> Pixels:
    generator = np.random.default_rng(1)
    if mode == "float":
        return generator.random((5, 7, 4), dtype=np.float32)
    bands = 3 if mode == "RGB" else 1
    return Image.fromarray(generator.integers(0, 256, (5, 7, bands), dtype=np.uint8).squeeze())


@pytest.mark.parametrize("mode", ["L", "RGB", "float"])
def test_what_was_kept_comes_back_pixel_for_pixel(cache: ImageCache, photo: Path, mode: str) -> None:
    making = Making(noise(mode))
    first, again = cache(photo, "key", making), cache(photo, "key", making)
    assert making.calls == 1
    assert type(first) is type(again) or isinstance(again, Image.Image)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(making.image))
    assert getattr(again, "mode", "") == getattr(making.image, "mode", "")


def test_a_kept_array_may_be_changed_without_harm(cache: ImageCache, photo: Path) -> None:
    making = Making(noise("float"))
    cache(photo, "key", making)
    np.asarray(cache(photo, "key", making))[:] = 0
    np.testing.assert_array_equal(np.asarray(cache(photo, "key", making)), np.asarray(making.image))


def test_the_pipeline_gives_the_same_tensors_with_a_cache(cache: ImageCache, photo: Path) -> None:
    transform = ResizeCropFlip(20, 16, finetune_after=1)
    for epoch in (1, 2, 1):
        transform.set_epoch(epoch)
        torch.manual_seed(epoch)
        plain = transform(Image.open(photo))
        torch.manual_seed(epoch)
        fixed = cache(photo, transform.fixed_key(), lambda: transform.fixed(Image.open(photo)))
        assert torch.equal(transform.finish(fixed), plain)


def test_another_key_is_another_image(cache: ImageCache, photo: Path) -> None:
    one, other = Making(noise("L")), Making(noise("RGB"))
    cache(photo, "one", one)
    assert cache(photo, "other", other) is other.image


def test_a_file_that_changed_is_prepared_again(cache: ImageCache, photo: Path) -> None:
    making = Making(noise("RGB"))
    cache(photo, "key", making)
    os.utime(photo, ns=(0, 12345))
    cache(photo, "key", making)
    photo.write_bytes(photo.read_bytes() + b"\0")
    os.utime(photo, ns=(0, 12345))
    cache(photo, "key", making)
    assert making.calls == 3


def test_a_file_that_is_missing_is_left_to_the_reader(cache: ImageCache, tmp_path: Path) -> None:
    def refuse() -> Pixels:
        raise DataError("the image is missing")

    with pytest.raises(DataError, match="the image is missing"):
        cache(tmp_path / "nowhere.png", "key", refuse)


@pytest.mark.parametrize("mode", ["1", "CMYK"])
def test_an_image_that_cannot_be_kept_exactly_is_made_each_time(cache: ImageCache, photo: Path, mode: str) -> None:
    making = Making(Image.new(mode, (4, 4)))
    cache(photo, "key", making)
    cache(photo, "key", making)
    assert making.calls == 2


def elsewhere(work: Callable[[], None]) -> None:
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0


def test_processes_share_what_any_of_them_has_made(cache: ImageCache, photo: Path) -> None:
    making = Making(noise("RGB"))
    elsewhere(lambda: cache(photo, "key", making))  # type: ignore[arg-type, return-value]
    np.testing.assert_array_equal(np.asarray(cache(photo, "key", making)), np.asarray(making.image))
    assert making.calls == 0  # that of the other process is not counted here


@pytest.mark.slow  # four processes
def test_many_processes_that_start_at_once_do_not_disturb_each_other(cache: ImageCache, photo: Path) -> None:
    image = noise("RGB")

    def fill() -> None:
        for key in range(20):
            assert np.array_equal(np.asarray(cache(photo, str(key), lambda: image)), np.asarray(image))

    processes = [multiprocessing.get_context("fork").Process(target=fill) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    making = Making(image)
    for key in range(20):
        np.testing.assert_array_equal(np.asarray(cache(photo, str(key), making)), np.asarray(image))
    assert making.calls == 0


def test_a_process_that_is_killed_while_it_writes_leaves_a_cache_that_works(tmp_path: Path, photo: Path) -> None:
    image = noise("RGB")

    def fill() -> None:
        cache = ImageCache(tmp_path / "cache")
        for key in range(10**6):
            cache(photo, str(key), lambda: image)

    process = multiprocessing.get_context("fork").Process(target=fill)
    process.start()
    time.sleep(0.1)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    cache = ImageCache(tmp_path / "cache")
    for key in range(50):
        np.testing.assert_array_equal(np.asarray(cache(photo, str(key), lambda: image)), np.asarray(image))


def test_a_damaged_file_is_replaced(tmp_path: Path, photo: Path) -> None:
    cache = ImageCache(tmp_path / "cache")
    cache(photo, "key", lambda: noise("RGB"))
    (kept,) = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    complete = kept.read_bytes()
    flips = (bytes([*complete[:i], complete[i] ^ 1, *complete[i + 1 :]]) for i in (0, 5, 9, 30, len(complete) - 1))
    for broken in (b"", complete[:10], complete[:-1], b"xxxx" + complete[4:], complete + b"\0", *flips):
        kept.write_bytes(broken)
        making = Making(noise("RGB"))
        np.testing.assert_array_equal(np.asarray(cache(photo, "key", making)), np.asarray(making.image))
        assert making.calls == 1
        assert kept.read_bytes() == complete


def test_old_temporary_files_are_removed_and_new_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    for name, age in ((".old.tmp", 2 * 3600), (".new.tmp", 0)):
        (tmp_path / "ab" / name).write_bytes(b"x")
        os.utime(tmp_path / "ab" / name, (time.time() - age,) * 2)
    ImageCache(tmp_path)
    assert [path.name for path in (tmp_path / "ab").iterdir()] == [".new.tmp"]


def test_a_cache_folder_that_cannot_be_written_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"file/cache cannot be written: .*--set data\.cache_dir=DIR"):
        ImageCache(tmp_path / "file" / "cache")


def test_a_disk_that_is_full_ends_the_keeping_and_not_the_run(
    tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = ImageCache(tmp_path / "cache")
    monkeypatch.setattr("i2ikit.data.cache.KEEP_FREE", 2**80)
    making = Making(noise("RGB"))
    cache(photo, "one", making)
    cache(photo, "two", making)
    assert making.calls == 2
    assert [record.getMessage() for record in caplog.records] == [
        f"the cache in {tmp_path / 'cache'} takes no more images: the disk is nearly full"
    ]


def test_a_folder_in_memory_is_removed_when_the_process_that_made_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i2ikit.data.cache.MEMORY", tmp_path)
    handlers: list[tuple[Callable[..., None], Path, int]] = []
    monkeypatch.setattr("atexit.register", lambda *call: handlers.append(call))
    for _ in range(2):
        ImageCache(tmp_path / "cache")
    ((remove, folder, process),) = handlers  # only the one that made it
    remove(folder, process + 1)
    assert folder.is_dir()  # a forked worker ended
    remove(folder, process)
    assert not folder.exists()


def test_an_identity_depends_on_the_key_and_not_on_the_folder(photo: Path, tmp_path: Path) -> None:
    before = identity(photo, "key")
    assert len(before) == 16
    assert identity(photo, "other") != before
    (tmp_path / "below").mkdir()
    moved = photo.rename(tmp_path / "below" / photo.name)
    assert identity(moved, "key") == before
