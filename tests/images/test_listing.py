import os
from pathlib import Path

import pytest
from PIL import Image

from i2ikit.errors import DataError
from i2ikit.images import FileList, list_images, listing
from i2ikit.images.listing import natural_key


def save(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 2)).save(path)
    return path


def test_numbers_in_names_are_sorted_as_numbers(tmp_path: Path) -> None:
    for name in ("10.png", "9.png", "a10.png", "A9.png", "b/1.png"):
        save(tmp_path / name)
    names = [path.relative_to(tmp_path).as_posix() for path in map(Path, list_images(tmp_path))]
    assert names == ["9.png", "10.png", "A9.png", "a10.png", "b/1.png"]


def test_names_that_differ_in_zeros_or_case_alone_have_one_order() -> None:
    assert sorted(("a1", "A1", "a01"), key=natural_key) == ["A1", "a01", "a1"]


def test_folders_below_are_read_and_other_files_are_not(tmp_path: Path) -> None:
    kept = {save(tmp_path / name) for name in ("one.JPG", "deep/er/two.tif", "deep/three.webp", "four.jpeg")}
    save(tmp_path / ".hidden.png")
    save(tmp_path / ".cache/thumb.png")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    assert set(map(Path, list_images(tmp_path))) == kept


def test_links_are_followed_and_a_cycle_ends(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere/x.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/circle").symlink_to(tmp_path / "data")
    assert [*list_images(tmp_path / "data")] == [str(tmp_path / "data/link/x.png")]


def test_each_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1.png", "b/2.png", "b/c/3.png"):
        save(tmp_path / name)
    listed: list[str] = []
    scandir = os.scandir

    def counting(place: str) -> object:
        listed.append(str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", counting)
    assert len(list_images(tmp_path)) == 3
    assert listed == [str(tmp_path), str(tmp_path / "b"), str(tmp_path / "b/c")]


def test_a_broken_link_is_listed_so_that_reading_names_it(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert [*list_images(tmp_path)] == [str(tmp_path / "gone.png")]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the folder \S+none cannot be listed: No such file"):
        list_images(tmp_path / "none")


def test_paths_take_little_more_memory_than_their_letters() -> None:
    files = FileList("/data", (f"{k:07d}.png" for k in range(1000)))
    assert (len(files), files[0], files[999], files.name(12)) == (
        1000,
        "/data/0000000.png",
        "/data/0000999.png",
        "0000012.png",
    )
    assert len(files._text) + files._ends.itemsize * len(files._ends) == 1000 * (11 + 8)


def test_names_that_are_no_text_and_absolute_names_come_back_as_they_were() -> None:
    odd = os.fsdecode(b"caf\xe9.png")  # Latin-1, not UTF-8
    assert [*FileList("/data", [odd, "/elsewhere/x.png", "中.png"])] == [
        f"/data/{odd}",
        "/elsewhere/x.png",
        "/data/中.png",
    ]


def test_an_index_past_the_end_is_refused() -> None:
    with pytest.raises(IndexError, match="file 1 of 1"):
        FileList("/data", ["x"])[1]


def test_folders_that_are_nested_too_deeply_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "DEEPEST", 2)
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "x.png").touch()
    assert [*list_images(tmp_path)] == [str(tmp_path / "a" / "b" / "c" / "x.png")]
    (tmp_path / "a" / "b" / "c" / "d").mkdir()
    with pytest.raises(DataError, match=r"the folder a/\.\.\. is more than 2 folders deep"):
        list_images(tmp_path)
