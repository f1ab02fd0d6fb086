from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import Reader
from i2ikit.images.animations import Timing, holds_animation, read_animation, write_animation

DURATIONS = [100, 200, 300, 50]
KINDS = {
    "in.gif": {"disposal": 2, "loop": 3},
    "in.webp": {"lossless": True, "loop": 2},
    "in.png": {"disposal": 1, "blend": 0, "loop": 4},
    "in.apng": {"loop": 0},
}


def save(path: Path, **options: Any) -> Path:
    """Write four frames of one color each, with one transparent pixel that moves."""
    frames = [Image.new("RGBA", (6, 5), (50 * index, 20, 30, 255)) for index in range(4)]
    for index, frame in enumerate(frames):
        frame.putpixel((index, 0), (0, 0, 0, 0))
    kind = "PNG" if path.suffix == ".apng" else None
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], **{"duration": DURATIONS, **options})
    return path


def frames_of(path: Path) -> list[tuple[float | None, tuple[int, ...], list[int]]]:
    """Return duration, color and the opacity of the first row of each frame."""
    found = []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            shown = image.convert("RGBA")
            opacity = [shown.getpixel((column, 0))[3] for column in range(6)]
            found.append((image.info.get("duration"), shown.getpixel((5, 4)), opacity))
    return found


def copy(source: Path, target: Path) -> Timing:
    timing, reader = Timing(), Reader(3)
    write_animation([reader.prepared(frame, source) for frame in read_animation(source, timing)], timing, target)
    return timing


@pytest.mark.parametrize("name", KINDS)
def test_timing_loop_and_transparency_of_every_frame_are_kept(name: str, tmp_path: Path):
    source, target = save(tmp_path / name, **KINDS[name]), tmp_path / f"out_{name}"
    assert copy(source, target) == Timing(DURATIONS, KINDS[name]["loop"])
    expected = [(time, (50 * index, 20, 30, 255)) for index, time in enumerate(DURATIONS)]
    assert [frame[:2] for frame in frames_of(target)] == expected
    assert [frame[2].index(0) for frame in frames_of(target)] == [0, 1, 2, 3]
    assert all(sum(frame[2]) == 5 * 255 for frame in frames_of(target))
    with Image.open(target) as output:
        assert output.info["loop"] == KINDS[name]["loop"]


def test_a_gif_that_plays_once_still_does(tmp_path: Path):
    source = save(tmp_path / "in.gif", disposal=2)
    assert copy(source, tmp_path / "out.gif").loop is None
    with Image.open(tmp_path / "out.gif") as output:
        assert "loop" not in output.info


def test_an_image_that_stands_for_the_animation_is_no_frame(tmp_path: Path):
    source = save(tmp_path / "in.png", default_image=True, duration=DURATIONS[1:])
    timing = copy(source, tmp_path / "out.png")
    assert timing == Timing(DURATIONS[1:], 0, default_image=True)
    with Image.open(tmp_path / "out.png") as output:
        assert (output.info["default_image"], output.n_frames) == (True, 4)
    assert [frame[0] for frame in frames_of(tmp_path / "out.png")] == [None, *DURATIONS[1:]]


def test_frames_are_seen_with_what_is_below_them(tmp_path: Path):
    below = Image.new("P", (4, 4), 1)
    below.putpalette([0, 0, 0, 10, 20, 30, 200, 100, 50])
    above = Image.new("P", (4, 4), 0)
    above.putpalette([0, 0, 0, 10, 20, 30, 200, 100, 50])
    above.putpixel((2, 2), 2)
    below.save(tmp_path / "in.gif", save_all=True, append_images=[above], transparency=0, disposal=1, duration=50)
    second = np.asarray(list(read_animation(tmp_path / "in.gif", Timing()))[1].convert("RGB"))
    assert second[2, 2].tolist() == [200, 100, 50]
    assert second[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("in.gif", "out.gif", True),
        ("in.gif", "out.webp", True),
        ("in.gif", "out.apng", True),
        ("in.gif", "out.png", False),
        ("in.png", "out.png", True),
        ("in.gif", "out.jpg", False),
        ("in.gif", "out.tif", False),
    ],
)
def test_outputs_hold_animations_where_that_is_expected_of_them(
    source: str, target: str, expected: bool, tmp_path: Path
):
    assert holds_animation(save(tmp_path / source), tmp_path / target) is expected


def test_a_single_frame_is_no_animation(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "in.gif")
    assert not holds_animation(tmp_path / "in.gif", tmp_path / "out.gif")


def test_frames_that_are_too_large_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("i2ikit.images.guarding.MOST_VALUES", 6 * 5 * 4 * 4 - 1)
    with pytest.raises(DataError, match=r"in\.gif is refused: its header declares 6 x 5 pixels in 16 channels"):
        list(read_animation(save(tmp_path / "in.gif"), Timing()))


def test_a_damaged_frame_is_an_error_that_names_the_file(tmp_path: Path):
    path = save(tmp_path / "in.webp", lossless=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 20])
    with pytest.raises(DataError, match=r"in\.webp"):
        list(read_animation(path, Timing()))
