import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from i2ikit.dataset_tools.unpack import unpack
from i2ikit.errors import DataError


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_top_folder_and_files_of_the_system_are_left_out(pack: Callable[..., Path], tmp_path: Path) -> None:
    assert unpack(pack("set.zip"), tmp_path / "set") == 2
    assert names(tmp_path / "set") == ["trainA/1.jpg", "trainB/2.jpg"]


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
def test_an_unsafe_archive_is_refused(pack: Callable[..., Path], tmp_path: Path, name: str, what: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = pack("evil.zip", {name: b"/etc"}, links=("set/link",))
    with pytest.raises(DataError, match=rf"(?s)was not unpacked: it holds .*{what}"):
        unpack(archive, inner / "set")
    assert names(tmp_path) == ["evil.zip"]
    assert list(inner.iterdir()) == []


def test_an_archive_larger_than_the_limit_is_refused(
    pack: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i2ikit.dataset_tools.unpack.MOST_BYTES", 5)
    with pytest.raises(DataError, match="not unpacked: its files have more than 0 GiB"):
        unpack(pack("large.zip"), tmp_path / "set")


def test_damaged_and_empty_archives_leave_no_files(pack: Callable[..., Path], tmp_path: Path) -> None:
    content = pack("good.zip").read_bytes()
    for damaged in (b"no zip", content[:-30], content.replace(b"two", b"2wo")):
        (tmp_path / "bad.zip").write_bytes(damaged)
        with pytest.raises(DataError, match=r"bad\.zip is damaged"):
            unpack(tmp_path / "bad.zip", tmp_path / "set")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(DataError, match="holds no files"):
        unpack(tmp_path / "empty.zip", tmp_path / "set")
    assert names(tmp_path) == ["bad.zip", "empty.zip", "good.zip"]
