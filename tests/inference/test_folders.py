import errno
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from torch import Tensor, nn

from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import DataError, RunError
from i2ikit.images import Reader
from i2ikit.inference.folders import FolderOptions, images_in, translate_folder
from i2ikit.inference.image_files import ImageFiles, Opened
from i2ikit.inference.network import TranslationNetwork


class Copying(ImageFiles):
    """Writes each image as it is, but fails at one."""

    def __init__(self, failing: str = "", error: BaseException | None = None) -> None:
        super().__init__(TranslationNetwork(nn.Identity()), Reader(), Reader())
        self.failing, self.error = failing, error

    def save(self, output: Tensor, opened: Opened, target: Path) -> None:
        if self.error is not None and target.name == self.failing:
            raise self.error
        super().save(output, opened, target)


def copy(folder: Path, files: ImageFiles | None = None, **options: Any) -> int:
    return translate_folder(files or Copying(), folder / "in", folder / "out", FolderOptions(**options)).conclude()


def make_image(path: Path, color: str = "red", size: tuple[int, int] = (5, 4)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_names_and_folders_are_kept(tmp_path: Path):
    names = ["b.jpg", "deep/er/a b.webp", "deep/ä.PNG"]
    for name in names:
        make_image(tmp_path / "in" / name)
    assert copy(tmp_path) == 3
    assert tree(tmp_path / "out") == names


def test_files_that_are_no_images_are_skipped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "notes.txt").write_text("x")
    (tmp_path / "in" / "more.csv").write_text("x")
    with caplog.at_level(logging.WARNING):
        assert copy(tmp_path) == 1
    assert "2 files in" in caplog.text
    assert tree(tmp_path / "out") == ["a.png"]


def test_broken_images_are_listed_after_all_others_are_done(tmp_path: Path):
    for name in ("a.png", "z.png"):
        make_image(tmp_path / "in" / name)
    (tmp_path / "in" / "b.png").write_text("text")
    (tmp_path / "in" / "c.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(
        DataError, match=r"(?s)^2 of 4 images written to .*; 2 could not be translated:.*b\.png.*c\.jpg"
    ):
        copy(tmp_path)
    assert tree(tmp_path / "out") == ["a.png", "z.png"]


def test_progress_counts_also_the_images_that_failed(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_text("text")
    seen: list[tuple[int, int | None]] = []
    with pytest.raises(DataError):
        copy(tmp_path, on_progress=lambda *counts: seen.append(counts))
    assert [done for done, _ in seen] == [1, 2]
    assert {total for _, total in seen} <= {2, None}  # None before the folder is listed


def test_two_images_of_the_same_name_become_two_files(tmp_path: Path):
    make_image(tmp_path / "in" / "a.pcx", "red")
    make_image(tmp_path / "in" / "a.png", "blue")
    assert copy(tmp_path) == 2
    assert tree(tmp_path / "out") == ["a.pcx.png", "a.png"]
    with Image.open(tmp_path / "out" / "a.png") as image:
        assert image.getpixel((0, 0)) == (0, 0, 255)


def test_a_refused_target_is_one_failed_file(tmp_path: Path):
    for name in ("a.pcx", "a.png", "a.pcx.png"):
        make_image(tmp_path / "in" / name)
    with pytest.raises(DataError, match=r"^2 of 3 images .*\n  - .*would both become .*a\.pcx\.png; rename one"):
        copy(tmp_path)
    assert tree(tmp_path / "out") == ["a.pcx.png", "a.png"]


@pytest.mark.parametrize("name", ["", "notes.txt"])
def test_a_folder_without_images_is_refused_with_the_known_extensions(tmp_path: Path, name: str):
    (tmp_path / "in").mkdir()
    if name:
        (tmp_path / "in" / name).touch()
    with pytest.raises(DataError, match=r"there are no images in .*in; looked for \.png \.jpg"):
        copy(tmp_path)
    with pytest.raises(DataError, match=r"there are no images in .*in; looked for \.png \.jpg"):
        images_in(tmp_path / "in")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_one_failure(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    make_image(tmp_path / "in" / "closed" / "b.png").parent.chmod(0)
    try:
        with pytest.raises(DataError, match=r"^1 of 1 image .*; 1 could not .*\n  - the folder .*closed cannot be"):
            copy(tmp_path)
    finally:
        (tmp_path / "in" / "closed").chmod(0o700)


@pytest.mark.parametrize(
    "error",
    [
        DataError("b.png is too large"),
        RunError("cannot write b.png"),
        RuntimeError("a shape of b.png"),
        KeyError("b.png"),
        MemoryError("b.png"),
    ],
)
def test_any_failure_of_one_image_is_one_failed_file(tmp_path: Path, error: Exception):
    for name in ("a.png", "b.png", "c.png"):
        make_image(tmp_path / "in" / name)
    with pytest.raises(DataError, match=r"(?s)^2 of 3 images written to \S+out; 1 could .*\n  - .*b\.png"):
        copy(tmp_path, Copying("b.png", error))
    assert tree(tmp_path / "out") == ["a.png", "c.png"]


def test_a_target_that_is_a_folder_is_one_failed_file(tmp_path: Path):
    for name in ("a.png", "b.png"):
        make_image(tmp_path / "in" / name)
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    with pytest.raises(DataError, match=r"1 of 2 images written .*\n  - cannot write \S+a\.png: it is a folder"):
        copy(tmp_path)
    assert tree(tmp_path / "out") == ["b.png"]


def test_a_full_disk_ends_a_folder_with_a_count(tmp_path: Path):
    for number in range(40):
        make_image(tmp_path / "in" / f"{number}.png")
    full = RunError("cannot write 7.png: No space left on device")
    full.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(RunError, match=r"No space left on device\n\d+ of 40 images written to \S+out\.$") as caught:
        copy(tmp_path, Copying("7.png", full), batch=1, workers=1)
    assert caught.value.exit_code == 1
    written = tree(tmp_path / "out")
    assert f"\n{len(written)} of 40" in str(caught.value)
    assert "7.png" not in written


def test_an_interrupt_says_how_many_of_how_many_are_done(tmp_path: Path):
    for number in range(40):
        make_image(tmp_path / "in" / f"{number}.png")

    def interrupt(done: int, total: int | None) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(RunInterruptedError, match=r"^interrupted: \d+ of 40 images written to \S+out\.$") as caught:
        copy(tmp_path, on_progress=interrupt)
    assert caught.value.exit_code == 130
    assert f" {len(tree(tmp_path / 'out'))} of 40" in str(caught.value)


@pytest.mark.parametrize("number", range(5, 60, 9))
def test_an_interrupt_at_any_hand_over_counts_what_is_written(tmp_path: Path, monkeypatch, number: int):
    for name in range(20):
        make_image(tmp_path / "in" / f"{name}.png")
    submit, submitted = ThreadPoolExecutor.submit, 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal submitted
        future = submit(*arguments)
        submitted += 1
        if submitted == number:
            future.result()
            raise KeyboardInterrupt
        return future

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(RunInterruptedError) as caught:
        copy(tmp_path)
    written = len(tree(tmp_path / "out"))
    assert str(caught.value) == f"interrupted: {written} of 20 images written to {tmp_path / 'out'}."


def test_an_output_folder_that_cannot_be_made_is_named_before_the_first_image(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "out").write_text("")
    with pytest.raises(DataError, match=r"cannot write to \S+out/x: Not a directory\. Choose another output folder"):
        translate_folder(Copying(), tmp_path / "in", tmp_path / "out" / "x", {})


def test_shares_are_translated_once_each_and_other_files_are_counted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    for number in range(8):
        make_image(tmp_path / "in" / f"{number}.png")
    (tmp_path / "in" / "notes.txt").write_text("x")
    counts = [copy(tmp_path, share=(index, 3)) for index in (1, 2, 3)]
    assert sum(counts) == len(tree(tmp_path / "out")) == 8
    assert caplog.text.count("1 file in") == 1


def test_complete_outputs_are_kept_and_all_others_are_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    for name in ("complete.png", "damaged.png", "missing.png", "small.png", "text.png"):
        make_image(tmp_path / "in" / name, size=(64, 64))
    Image.effect_noise((64, 64), 99).convert("RGB").save(tmp_path / "in" / "damaged.png")
    assert copy(tmp_path) == 5
    out = tmp_path / "out"
    os.truncate(out / "damaged.png", (out / "damaged.png").stat().st_size // 2)
    (out / "missing.png").unlink()
    make_image(out / "small.png", size=(64, 32))
    (out / "text.png").write_text("no image")
    before = (out / "complete.png").stat().st_mtime_ns
    seen: list[int] = []
    assert copy(tmp_path, skip_existing=True, on_progress=lambda done, total: seen.append(done)) == 4
    assert seen == [1, 2, 3, 4, 5]
    assert (out / "complete.png").stat().st_mtime_ns == before
    assert "1 image was complete" in caplog.text
    for name in tree(out):
        with Image.open(out / name) as image, Image.open(tmp_path / "in" / name) as source:
            assert image.tobytes() == source.tobytes()


def test_names_with_line_breaks_stay_on_their_line(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b\nall is well\x1b[2J.png").write_text("no image")
    with pytest.raises(DataError) as caught:
        copy(tmp_path)
    assert str(caught.value).count("\n") == 1
    assert "b\\nall is well\\x1b[2J.png is not an image" in str(caught.value)
