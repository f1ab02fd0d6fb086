"""Published sets into folders: archives that are what they should be, and those that mean harm."""

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from i2ikit.dataset_tools import sources
from i2ikit.dataset_tools.fetch import fetch
from i2ikit.dataset_tools.sources import SETS, PublishedSet, find_set
from i2ikit.dataset_tools.unpack import unpack
from i2ikit.errors import DataError

FILES = {"set/trainA/1.jpg": b"one", "set/trainB/2.jpg": b"two", "set/.DS_Store": b"litter"}


def pack(path: Path, files: dict[str, bytes], links: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("set/", "")
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            if name in links:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, content)
    return path


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive that counts as the published set "toy", which lies where nobody answers."""
    path = pack(tmp_path / "by_hand.zip", FILES)
    content = path.read_bytes()
    toy = PublishedSet("toy", len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(sources.SETS, "toy", toy)
    monkeypatch.setattr(sources, "MIRRORS", ("http://127.0.0.1:1/{name}.zip",))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_an_archive_fetched_by_hand_is_unpacked_without_its_top_folder_and_litter(
    archive: Path, tmp_path: Path
) -> None:
    assert fetch("toy", tmp_path / "data/toy", archive=archive) == 2
    assert names(tmp_path / "data/toy") == ["trainA/1.jpg", "trainB/2.jpg"]
    assert archive.exists()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["toy"]


def test_an_archive_that_was_downloaded_goes_when_it_is_unpacked(archive: Path, tmp_path: Path) -> None:
    archive.rename(tmp_path / "toy.zip")  # where a download would have put it
    fetch("toy", tmp_path / "toy")
    assert names(tmp_path) == ["toy/trainA/1.jpg", "toy/trainB/2.jpg"]


def test_without_a_network_the_way_by_hand_is_told(archive: Path, tmp_path: Path) -> None:
    """Pain 18: download links die."""
    size, digits = SETS["toy"].bytes, SETS["toy"].sha256
    words = (
        rf"(?s)toy cannot be fetched; the download.*127.*By hand: .*{size} bytes, sha256 {digits}.*toy --from toy\.zip"
    )
    with pytest.raises(DataError, match=words):
        fetch("toy", tmp_path / "toy")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"short", r"it has 5 bytes, not \d+"), (None, "its sha256 differs"), ("", "there is no arch")],
)
def test_another_archive_is_refused(archive: Path, tmp_path: Path, content: bytes | None, words: str) -> None:
    other = tmp_path / "other.zip"
    if content != "":
        other.write_bytes(bytes(archive.stat().st_size) if content is None else content)
    with pytest.raises(DataError, match=words):
        fetch("toy", tmp_path / "toy", archive=other)
    assert not (tmp_path / "toy").exists()


def test_a_folder_that_holds_something_is_left_alone(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/mine.txt").touch()
    with pytest.raises(DataError, match=r"toy is not an empty folder.*i2ikit data check"):
        fetch("toy", tmp_path / "toy", archive=archive)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("horse2zebr", r"no data set is called 'horse2zebr'\. Nearest: 'horse2zebra'"),
        ("xyz", "There are apple2orange, cezanne2photo"),
        ("cityscapes", "by hand. Its license"),
    ],
)
def test_a_set_that_cannot_be_fetched_is_told_with_a_way_out(name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        find_set(name)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../evil.txt", "leads out of its folder"),
        ("set/../../evil.txt", "leads out of its folder"),
        ("/tmp/evil.txt", "leads out of its folder"),
        ("C:/evil.txt", "leads out of its folder"),
        ("set\\..\\evil.txt", "leads out of its folder"),
        ("set/link", "a link or a device"),
    ],
)
def test_an_archive_that_means_harm_is_not_unpacked(tmp_path: Path, name: str, what: str) -> None:
    place = tmp_path / "inner"
    place.mkdir()
    archive = pack(tmp_path / "evil.zip", {**FILES, name: b"/etc"}, links=("set/link",))
    with pytest.raises(DataError, match=rf"(?s)was not unpacked: it holds .*{what}"):
        unpack(archive, place / "set")
    assert names(tmp_path) == ["evil.zip"]
    assert list(place.iterdir()) == []


def test_an_archive_that_would_fill_the_disk_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i2ikit.dataset_tools.unpack.MOST_BYTES", 5)
    with pytest.raises(DataError, match="unpacks to more than 0 GiB"):
        unpack(pack(tmp_path / "large.zip", FILES), tmp_path / "set")


def test_damaged_and_empty_archives_leave_nothing_behind(tmp_path: Path) -> None:
    whole = pack(tmp_path / "whole.zip", FILES).read_bytes()
    for content in (b"no zip", whole[:-30], whole.replace(b"two", b"2wo")):
        (tmp_path / "bad.zip").write_bytes(content)
        with pytest.raises(DataError, match=r"bad\.zip is damaged"):
            unpack(tmp_path / "bad.zip", tmp_path / "set")
    with pytest.raises(DataError, match="holds no files"):
        unpack(pack(tmp_path / "empty.zip", {}), tmp_path / "set")
    assert names(tmp_path) == ["bad.zip", "empty.zip", "whole.zip"]
