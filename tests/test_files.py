import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from i2ikit.errors import I2IKitError, RunError
from i2ikit.files import (
    CACHE_VARIABLE,
    TEMPORARY,
    cannot_write,
    expanded,
    file_hash,
    folder_atomically,
    nearest_beside,
    open_atomically,
    read_json,
    read_json_lines,
    remove_leftovers,
    temporary_path,
    user_cache,
    write_atomically,
)


def test_home_folders_are_expanded_and_those_of_nobody_stay(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert [str(expanded(path)) for path in ("~", "~/x", Path("~/x/~y"), "x/~", "~nobody-here/x")] == [
        "/home/me",
        "/home/me/x",
        "/home/me/x/~y",
        "x/~",
        "~nobody-here/x",
    ]


@pytest.mark.parametrize("sync", [False, True])
def test_a_file_appears_when_it_is_complete(sync, tmp_path):
    with open_atomically(tmp_path / "x", sync=sync) as file:
        file.write(b"content")
        assert [path.suffix for path in tmp_path.iterdir()] == [TEMPORARY]
    assert (tmp_path / "x").read_bytes() == b"content"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_with_the_name_of_a_temporary_file_is_neither_followed_nor_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda count: "guessed")
    (tmp_path / "precious").write_text("content")
    link = temporary_path(tmp_path / "x")
    link.symlink_to("precious")
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "x", "new")
    with pytest.raises(FileExistsError), folder_atomically(tmp_path / "y"):
        pass
    assert (link.is_symlink(), (tmp_path / "precious").read_text()) == (True, "content")


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    write_atomically(tmp_path / "x", "old")
    with pytest.raises(TypeError), open_atomically(tmp_path / "x") as file:
        file.writelines([b"new", None])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x": "old"}


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    write_atomically(tmp_path / ("x" * 255), b"content")
    assert (tmp_path / ("x" * 255)).exists()


def test_a_folder_appears_when_it_is_complete(tmp_path):
    (tmp_path / "new").mkdir()
    with folder_atomically(tmp_path / "new") as folder:
        (folder / "x").write_text("content")
        assert not list((tmp_path / "new").iterdir())
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["new", os.path.join("new", "x")]


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(FileExistsError), folder_atomically(tmp_path / "new") as folder:
        folder.mkdir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("atomically", "make"), [(open_atomically, "open"), (folder_atomically, "mkdir")])
def test_an_interrupt_once_the_temporary_file_is_made_leaves_nothing(atomically, make, tmp_path, monkeypatch):
    original = getattr(Path, make)

    def interrupted(path, *arguments, **options):
        made = original(path, *arguments, **options)
        if path.suffix == TEMPORARY:
            if made is not None:
                made.close()
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(Path, make, interrupted)
    with pytest.raises(KeyboardInterrupt), atomically(tmp_path / "new"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_incomplete_lines_are_skipped(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b'{"step": 1}\n[2]\nnot json\n{"step": 3}\n{"step": \xff\n' + b"[" * 10**5)
    assert list(read_json_lines(tmp_path / "x.jsonl")) == [{"step": 1}, {"step": 3}]
    assert list(read_json_lines(tmp_path / "missing.jsonl")) == []


@pytest.mark.parametrize(("content", "expected"), [(b'{"a": 1}', {"a": 1}), (b'{"a"', None), (b"\xff", None)])
def test_a_damaged_json_file_has_no_content(content, expected, tmp_path):
    (tmp_path / "x.json").write_bytes(content)
    assert read_json(tmp_path / "x.json") == expected
    assert read_json(tmp_path / "missing.json") is None


def test_the_hash_of_a_file_is_its_sha256(tmp_path):
    content = b"0" * ((1 << 21) + 1)
    (tmp_path / "x").write_bytes(content)
    assert file_hash(tmp_path / "x") == hashlib.sha256(content).hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="XDG names the folder on Linux alone")
def test_the_cache_is_in_the_users_cache_folder_or_where_the_variable_points(tmp_path, monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache("features") == tmp_path / "i2ikit" / "features"
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "own"))
    assert user_cache("images") == tmp_path / "own" / "images"


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (errno.EROFS, I2IKitError, "the disk is read-only"),
        (errno.EACCES, I2IKitError, "permission denied"),
        (errno.ENOSPC, RunError, "the disk is full"),
        (errno.EIO, RunError, "[Errno 5] broken"),
    ],
)
def test_what_cannot_be_written_is_the_users_error_or_the_runs(number, kind, reason):
    error = cannot_write("the page /x", OSError(number, "broken"), "Write it elsewhere.")
    assert type(error) is kind
    assert str(error) == f"cannot write the page /x: {reason}. Write it elsewhere."
    assert str(cannot_write(Path("/x"), OSError(number, "broken"))) == f"cannot write /x: {reason}."


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path):
    script = "import os, pathlib, i2ikit.files as f; file = f.temporary_path(pathlib.Path('x.png')); file.touch()"
    subprocess.run([sys.executable, "-c", f"{script}; os.kill(os.getpid(), 9)"], cwd=tmp_path, check=False)
    [left] = tmp_path.iterdir()
    running = temporary_path(tmp_path / "x.png")
    elsewhere = left.with_name(f".{int(left.name[1:9], 16) ^ 1:08x}{left.name[9:]}")
    for path in (running, elsewhere, tmp_path / "own.tmp"):
        path.touch()
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "missing")
    assert {*tmp_path.iterdir()} == {running, elsewhere, tmp_path / "own.tmp"}


def test_a_missing_path_is_compared_with_what_is_in_its_folder(tmp_path):
    (tmp_path / "day").mkdir()
    assert nearest_beside(tmp_path / "dya") == " Nearest: 'day'."
    assert nearest_beside(tmp_path / "something else") == ""
    assert nearest_beside(tmp_path / "nowhere" / "day") == ""
