import errno
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.errors import CheckpointError, DataError, RunError
from i2ikit.images import Reader, write_image
from i2ikit.inference.folders import plan_folder, refuse_overwriting, refuse_swapped, translate_images


def copy(source: Path, target: Path) -> None:
    write_image(Reader().image(source), target)


def make_image(path: Path, color: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (5, 4), color).save(path)
    return path


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_names_and_folders_are_kept(tmp_path: Path):
    names = ["b.jpg", "deep/er/a b.webp", "deep/ä.PNG"]
    for name in names:
        make_image(tmp_path / "in" / name)
    assert translate_images(copy, tmp_path / "in", tmp_path / "out") == 3
    assert tree(tmp_path / "out") == names


def test_files_that_are_no_images_are_skipped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "notes.txt").write_text("x")
    (tmp_path / "in" / "more.csv").write_text("x")
    with caplog.at_level(logging.WARNING):
        assert translate_images(copy, tmp_path / "in", tmp_path / "out") == 1
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
        translate_images(copy, tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == ["a.png", "z.png"]


def test_one_broken_image_is_named(tmp_path: Path):
    (tmp_path / "b.png").write_text("text")
    with pytest.raises(DataError, match=r"^\S*b\.png is not an image"):
        translate_images(copy, tmp_path / "b.png", tmp_path / "out")


def test_progress_counts_also_the_images_that_failed(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_text("text")
    seen: list[tuple[int, int]] = []
    with pytest.raises(DataError):
        translate_images(copy, tmp_path / "in", tmp_path / "out", lambda *counts: seen.append(counts))
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize("output", ["in", "in/../in"])
def test_inputs_are_never_replaced(tmp_path: Path, output: str):
    source = make_image(tmp_path / "in" / "a.png")
    before = source.read_bytes()
    with pytest.raises(DataError, match=r"would replace the input .*a\.png; choose another output folder"):
        translate_images(copy, tmp_path / "in", tmp_path / output)
    assert source.read_bytes() == before


def test_an_image_is_not_written_onto_itself_through_a_link(tmp_path: Path):
    source = make_image(tmp_path / "in" / "a.png")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    with pytest.raises(DataError, match="would replace the input"):
        translate_images(copy, source, tmp_path / "out")


def test_an_output_folder_inside_the_input_is_refused_once_its_outputs_count_as_inputs(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    assert translate_images(copy, tmp_path / "in", tmp_path / "in" / "out") == 1
    with pytest.raises(DataError, match="would replace the input"):
        translate_images(copy, tmp_path / "in", tmp_path / "in" / "out")


def test_read_only_formats_become_png_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    make_image(tmp_path / "in" / "old.pcx")
    translate_images(copy, tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == ["old.png"]
    assert "old.pcx becomes old.png" in caplog.text


def test_two_images_of_the_same_name_become_two_files(tmp_path: Path):
    make_image(tmp_path / "in" / "a.pcx", "red")
    make_image(tmp_path / "in" / "a.png", "blue")
    assert translate_images(copy, tmp_path / "in", tmp_path / "out") == 2
    assert tree(tmp_path / "out") == ["a.pcx.png", "a.png"]
    with Image.open(tmp_path / "out" / "a.png") as image:
        assert image.getpixel((0, 0)) == (0, 0, 255)


def test_two_images_that_would_become_one_file_are_refused(tmp_path: Path):
    for name in ("a.pcx", "a.png", "a.pcx.png"):
        make_image(tmp_path / "in" / name)
    with pytest.raises(DataError, match=r"would both become .*a\.pcx\.png; rename one of them"):
        translate_images(copy, tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize(
    ("output", "expected"), [("out.jpg", "out.jpg"), ("new/x.png", "new/x.png"), ("new", "new/a.png")]
)
def test_one_image_becomes_the_named_file_or_a_file_in_the_named_folder(tmp_path: Path, output: str, expected: str):
    source = make_image(tmp_path / "a.png")
    assert translate_images(copy, source, tmp_path / output) == 1
    assert (tmp_path / expected).is_file()


def test_a_named_file_of_a_format_that_is_not_written_is_refused(tmp_path: Path):
    source = make_image(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"cannot write .*out\.pcx: i2ikit writes no \.pcx; use \.png"):
        translate_images(copy, source, tmp_path / "out.pcx")


@pytest.mark.parametrize(("name", "hint"), [("out.xyz", ""), ("new/x.jpgg", "Nearest: '.jpg'"), ("a.txt", "")])
def test_a_named_file_of_an_unknown_format_is_refused_and_no_folder_is_made(tmp_path: Path, name: str, hint: str):
    source = make_image(tmp_path / "a.png")
    with pytest.raises(DataError, match=rf"is not the extension of an image\..*{hint}.*make it first: `mkdir -p "):
        translate_images(copy, source, tmp_path / name)
    assert tree(tmp_path) == ["a.png"]


@pytest.mark.parametrize("name", ["v1.2", "results 2024.11", ".hidden"])
def test_a_folder_may_have_dots_in_its_name(tmp_path: Path, name: str):
    source = make_image(tmp_path / "a.png")
    assert translate_images(copy, source, tmp_path / name) == 1
    (tmp_path / "run.final").mkdir()
    assert translate_images(copy, source, tmp_path / "run.final") == 1
    assert (tmp_path / name / "a.png").is_file()


def test_a_missing_input_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"there is no image and no folder at .*nowhere"):
        translate_images(copy, tmp_path / "nowhere", tmp_path / "out")


def test_a_folder_without_images_is_refused_with_the_known_extensions(tmp_path: Path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match=r"there are no images in .*in; looked for \.png \.jpg"):
        translate_images(copy, tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "why"), [("in", "but the input is a folder"), ("in/a.png", "whose extension is not")]
)
def test_a_file_instead_of_the_output_folder_is_refused(tmp_path: Path, source: str, why: str):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match=rf"must be a folder: .*out is a file, {why}"):
        translate_images(copy, tmp_path / source, tmp_path / "out")


def test_an_output_folder_with_the_extension_of_an_image_is_refused(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    with pytest.raises(
        DataError, match=r"in is a folder, so its output must be one too; .*out\.png has the extension of an image"
    ):
        translate_images(copy, tmp_path / "in", tmp_path / "out.png")
    (tmp_path / "old.png").mkdir()
    assert translate_images(copy, tmp_path / "in", tmp_path / "old.png") == 1


def test_what_a_format_cannot_hold_becomes_tiff_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    for name in ("a.png", "b.tif", "c.npy"):
        path = make_image(tmp_path / "in" / "a.png").with_name(name)
        path.write_bytes(b"")
    pairs = plan_folder(tmp_path / "in", tmp_path / "out", channels=5)
    assert [target.name for _, target in pairs] == ["a.tif", "b.tif", "c.npy"]
    assert "i2ikit writes no .png with 5 channels: a.png becomes a.tif" in caplog.text


def test_a_named_file_that_cannot_hold_the_channels_is_refused(tmp_path: Path):
    source = make_image(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"i2ikit writes no \.jpg with 5 channels; use \.tif"):
        translate_images(copy, source, tmp_path / "out.jpg", channels=5)


def failing_at(name: str, error: BaseException) -> Callable[[Path, Path], None]:
    def translate(source: Path, target: Path) -> None:
        if source.name == name:
            raise error
        copy(source, target)

    return translate


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
        translate_images(failing_at("b.png", error), tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == ["a.png", "c.png"]


def test_a_target_that_is_a_folder_is_one_failed_file(tmp_path: Path):
    for name in ("a.png", "b.png"):
        make_image(tmp_path / "in" / name)
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    with pytest.raises(DataError, match=r"1 of 2 images written .*\n  - cannot write \S+a\.png: Is a directory"):
        translate_images(copy, tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == ["b.png"]


def test_a_link_to_itself_is_one_failed_file(tmp_path: Path):
    image = make_image(tmp_path / "in" / "a.png")
    loop = tmp_path / "in" / "b.png"
    loop.symlink_to(loop)
    pairs = [(image, tmp_path / "out" / "a.png"), (loop, tmp_path / "out" / "b.png")]
    refuse_overwriting(pairs)


def test_a_full_disk_ends_a_folder_with_a_count(tmp_path: Path):
    for name in ("a.png", "b.png", "c.png"):
        make_image(tmp_path / "in" / name)
    full = RunError("cannot write b.png: No space left on device")
    full.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(RunError, match=r"No space left on device\n1 of 3 images written to \S+out\.$") as caught:
        translate_images(failing_at("b.png", full), tmp_path / "in", tmp_path / "out")
    assert caught.value.exit_code == 1
    assert tree(tmp_path / "out") == ["a.png"]


def test_an_interrupt_says_how_many_of_how_many_are_done(tmp_path: Path):
    for name in ("a.png", "b.png", "c.png"):
        make_image(tmp_path / "in" / name)
    with pytest.raises(RunInterruptedError, match=r"^interrupted: 2 of 3 images written to \S+out\.$") as caught:
        translate_images(failing_at("c.png", KeyboardInterrupt()), tmp_path / "in", tmp_path / "out")
    assert caught.value.exit_code == 130
    assert tree(tmp_path / "out") == ["a.png", "b.png"]


def test_an_output_folder_that_cannot_be_made_is_named_before_the_first_image(tmp_path: Path):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write to \S+file/out: Not a directory\. Choose another output folder"):
        translate_images(failing_at("a.png", AssertionError()), tmp_path / "in", tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (("in", "run", "out"), r"in is no checkpoint: are input and checkpoint swapped\? .*CHECKPOINT INPUT OUTPUT"),
        (("in/a.png", "run", "out"), r"a\.png is an image: are input"),
        (("in/a.png", "out.png", "run"), r"a\.png is an image: are input"),
        (("out", "in", "run/checkpoints/best.pt"), r"out is no checkpoint: are input"),
        (("in", "x.pth", "out"), r"in is no checkpoint: are input"),
    ],
)
def test_a_checkpoint_in_the_wrong_place_is_noticed(tmp_path: Path, order: tuple[str, ...], message: str):
    make_image(tmp_path / "in" / "a.png")
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "best.pt").touch()
    (tmp_path / "x.pth").touch()
    with pytest.raises(CheckpointError, match=message):
        refuse_swapped(*(tmp_path / path for path in order))
    refuse_swapped(tmp_path / "run", tmp_path / "in", tmp_path / "out")
    refuse_swapped(tmp_path / "x.pth", tmp_path / "in" / "a.png", tmp_path / "out")
