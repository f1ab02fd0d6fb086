import concurrent.futures
import hashlib
import shutil
import threading
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from i2ikit.dataset_tools import fetch as module
from i2ikit.dataset_tools.fetch import SETS, fetch
from i2ikit.errors import DataError
from i2ikit.files import alone


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of a published set "toy", whose server is down."""
    path = tmp_path / "by_hand.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("set/", "set/trainA/1.jpg", "set/trainB/2.jpg", "__MACOSX/set/1.jpg"):
            packed.writestr(name, "")
    monkeypatch.setitem(module.SETS, "toy", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(module, "MIRRORS", ("http://127.0.0.1:1/{name}.zip",))
    return path


def test_a_given_archive_is_unpacked_and_kept(archive: Path, tmp_path: Path) -> None:
    assert fetch("toy", tmp_path / "data/toy", archive=archive) == 2
    files = [path.relative_to(tmp_path / "data") for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert sorted(map(str, files)) == ["toy/trainA/1.jpg", "toy/trainB/2.jpg"]
    assert archive.exists()


def test_a_downloaded_archive_is_removed_after_unpacking(archive: Path, tmp_path: Path) -> None:
    archive.rename(tmp_path / "toy.zip")  # where a download would have put it
    fetch("toy", tmp_path / "toy")
    assert [path.name for path in tmp_path.iterdir()] == ["toy"]


@pytest.mark.parametrize("given", [True, False])
def test_calls_for_one_set_at_once_all_end_with_the_set(
    archive: Path, tmp_path: Path, given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Barrier(3)

    def alone_together(lock: Path) -> AbstractContextManager[None]:
        started.wait(60)  # all have seen that the folder is empty
        return alone(lock)

    def fetch_toy() -> int:
        return fetch("toy", tmp_path / "data/toy", archive=archive if given else None)

    monkeypatch.setattr(module, "alone", alone_together)
    monkeypatch.setattr(module, "download", lambda _, target, **options: shutil.copy(archive, target))
    with concurrent.futures.ThreadPoolExecutor() as threads:
        assert [done.result() for done in [threads.submit(fetch_toy) for _ in range(3)]] == [2, 2, 2]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["toy"]


def test_without_a_network_the_message_has_the_steps_by_hand(archive: Path, tmp_path: Path) -> None:
    words = rf"(?s)cannot fetch toy: the download.*127.*By hand: .*SHA-256 {SETS['toy']}.*toy --from toy\.zip"
    with pytest.raises(DataError, match=words):
        fetch("toy", tmp_path / "toy")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"other", "its SHA-256 differs"), (None, "there is no archive")],
)
def test_another_archive_is_refused(archive: Path, tmp_path: Path, content: bytes | None, words: str) -> None:
    other = tmp_path / "other.zip"
    if content is not None:
        other.write_bytes(content)
    with pytest.raises(DataError, match=words):
        fetch("toy", tmp_path / "toy", archive=other)
    assert not (tmp_path / "toy").exists()


def test_a_folder_with_files_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/mine.txt").touch()
    with pytest.raises(DataError, match=r"toy is not an empty folder.*i2ikit data check"):
        fetch("toy", tmp_path / "toy", archive=archive)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("horse2zebr", r"no data set is called 'horse2zebr'\. Nearest: 'horse2zebra'"),
        ("xyz", "There are apple2orange, cezanne2photo"),
        ("cityscapes", r"downloaded by hand\. Its license"),
    ],
)
def test_a_set_that_cannot_be_fetched_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        fetch(name, tmp_path / "new")
