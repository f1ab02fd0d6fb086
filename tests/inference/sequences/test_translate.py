import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.extras import MissingExtraError
from i2ikit.images import Reader
from i2ikit.inference import Translator
from tests.inference.sequences.conftest import Negative, read


def save_gif(path: Path, count: int = 3) -> Path:
    frames = [Image.new("RGB", (40, 36), (60 * index, 0, 0)) for index in range(count)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 200, 300][:count], loop=2)
    return path


def test_a_video_is_translated_and_its_progress_counted_in_frames(
    make_video: Any, negative: Translator, tmp_path: Path
):
    source, calls = make_video(), []
    result = negative.file(source, tmp_path / "new" / "out.mp4", lambda done, total: calls.append((done, total)))
    assert result.frames == 8
    assert result.flicker.output == pytest.approx(result.flicker.input, abs=1e-3)
    assert calls == [(done, 8) for done in range(1, 9)]
    assert np.abs(255 - read(source)[5].astype(int) - read(tmp_path / "new" / "out.mp4")[5]).mean() < 2


def test_a_gray_generator_makes_gray_videos(make_video: Any, tmp_path: Path):
    generator = Negative()
    generator.in_channels = 1
    Translator(generator).file(make_video(), tmp_path / "out.mp4")
    frame = read(tmp_path / "out.mp4")[0].astype(int)
    assert np.abs(frame - frame.mean(axis=2, keepdims=True)).max() <= 2


def test_a_cut_off_video_is_translated_as_far_as_it_goes(
    make_video: Any, negative: Translator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    source = make_video("in.mkv", times=range(40))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 3 // 4])
    result = negative.file(source, tmp_path / "out.mkv")
    assert f"{result.frames} of about 40 frames could be read and are translated" in caplog.text
    assert len(read(tmp_path / "out.mkv")) == result.frames < 40


def test_a_whole_video_is_not_called_damaged(
    make_video: Any, negative: Translator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    for name in ("in.mp4", "in.mkv", "in.webm", "in.avi"):
        negative.file(make_video(name, sound="libopus" if name == "in.webm" else "mp3"), tmp_path / f"out_{name}")
    assert caplog.text == ""


class Interrupted(nn.Module):
    """Is interrupted at the third call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        return x


def test_an_interruption_leaves_nothing(make_video: Any, tmp_path: Path):
    source = make_video(times=range(40))
    with pytest.raises(KeyboardInterrupt):
        Translator(Interrupted()).file(source, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == [source]


def test_memory_holds_some_frames_only(make_video: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sizes = []

    class Recorder(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            sizes.append(len(x))
            return x

    monkeypatch.setattr("i2ikit.inference.sequences.translate.BATCH_PIXELS", 3 * 64 * 48)
    Translator(Recorder()).file(make_video(), tmp_path / "out.mp4")
    assert sizes == [3, 3, 2]


def test_videos_and_images_do_not_become_each_other(make_video: Any, negative: Translator, tmp_path: Path):
    message = (
        r"is a video and .* is none: input and output must both be videos \(\.mp4 \.m4v \.mov \.mkv \.webm \.avi\)"
    )
    with pytest.raises(DataError, match=message):
        negative.file(make_video(), tmp_path / "out.gif")
    with pytest.raises(DataError, match=message):
        negative.file(save_gif(tmp_path / "in.gif"), tmp_path / "out.mp4")
    five = Translator(Negative(), source=Reader(3), target=Reader(5))
    with pytest.raises(DataError, match="the generator writes 5 channels, which no video holds"):
        five.file(make_video(), tmp_path / "out.mp4")


def test_a_missing_package_is_named_before_anything_is_written(
    make_video: Any, negative: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = make_video()
    monkeypatch.delitem(sys.modules, "av")
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"in\.mp4 needs av: pip install 'i2ikit\[video\]'"):
        negative.file(source, tmp_path / "out" / "out.mp4")
    assert list(tmp_path.iterdir()) == [source]


def test_a_gif_is_translated_with_all_frames(negative: Translator, tmp_path: Path):
    result = negative.file(save_gif(tmp_path / "in.gif"), tmp_path / "out.gif")
    with Image.open(tmp_path / "out.gif") as output:
        assert (result.frames, output.n_frames, output.info["loop"]) == (3, 3, 2)
        output.seek(2)
        assert output.convert("RGB").getpixel((0, 0)) == (255 - 120, 255, 255)


def test_frames_that_the_output_cannot_hold_are_named(
    negative: Translator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    assert negative.file(save_gif(tmp_path / "in.gif"), tmp_path / "out.png") is None
    assert "in.gif has 3 frames, and .png holds one: only the first is translated, frames 2 to 3 are left out" in (
        caplog.text
    )
    with Image.open(tmp_path / "out.png") as output:
        assert output.n_frames == 1


def test_all_pages_of_a_tiff_are_translated(negative: Translator, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    pages = [np.full((4, 5 + index, 3), 40 * index, np.uint8) for index in range(4)]
    with tifffile.TiffWriter(tmp_path / "in.tif") as file:
        for page in pages:
            file.write(page, photometric="rgb")
    with caplog.at_level(logging.WARNING):
        assert negative.file(tmp_path / "in.tif", tmp_path / "out.tif").frames == 4
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert all(np.array_equal(255 - page, out.asarray()) for page, out in zip(pages, file.pages, strict=True))
    assert caplog.text == ""


def test_a_single_image_is_no_sequence(negative: Translator, tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "in.png")
    assert negative.file(tmp_path / "in.png", tmp_path / "out.png") is None


def test_smooth_reaches_the_frames(make_video: Any, tmp_path: Path):
    torch.manual_seed(0)
    noise = [np.clip(120 + 30 * np.random.default_rng(i).normal(size=(48, 64, 3)), 0, 255) for i in range(8)]
    source = make_video("in.mkv", frames=[frame.astype(np.uint8) for frame in noise])
    plain, smooth = (
        Translator(Negative(), smooth=smooth).file(source, tmp_path / f"{smooth}.mkv").flicker.output
        for smooth in (0, 0.8)
    )
    assert smooth < 0.5 * plain


def test_a_folder_may_hold_videos_animations_and_images(make_video: Any, negative: Translator, tmp_path: Path):
    source, output, found = tmp_path / "in", tmp_path / "out", {}
    (source / "deep").mkdir(parents=True)
    make_video().rename(source / "deep" / "walk.mp4")
    save_gif(source / "cat.gif")
    Image.new("RGB", (8, 8)).save(source / "dog.png")
    count = negative.folder(source, output, on_sequence=lambda path, result: found.update({path.name: result.frames}))
    assert count == 3
    assert found == {"walk.mp4": 8, "cat.gif": 3}
    assert sorted(path.name for path in output.rglob("*.*")) == ["cat.gif", "dog.png", "walk.mp4"]
    assert len(read(output / "deep" / "walk.mp4")) == 8
    assert negative.folder(source, output, skip_existing=True) == 0
    whole = (output / "deep" / "walk.mp4").read_bytes()
    (output / "deep" / "walk.mp4").write_bytes(whole[: len(whole) // 2])
    assert negative.folder(source, output, skip_existing=True) == 1


def test_a_folder_is_translated_although_a_video_needs_a_missing_package(
    make_video: Any, negative: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = tmp_path / "in"
    source.mkdir()
    make_video().rename(source / "walk.mp4")
    Image.new("RGB", (8, 8)).save(source / "dog.png")
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    with pytest.raises(
        DataError, match=r"1 could not be translated:\n  - .*walk\.mp4 needs av: pip install 'i2ikit\[video"
    ):
        negative.folder(source, tmp_path / "out")
    assert (tmp_path / "out" / "dog.png").is_file()
