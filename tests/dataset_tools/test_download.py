"""Downloads from a server of our own: they break off, go on, lie, and are found out."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from i2ikit.dataset_tools.download import download
from i2ikit.errors import DataError

CONTENT = bytes(range(256)) * 4000  # about 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT in the ways that the paths say; remembers what it was asked."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        if self.path == "/missing":
            self.send_error(404)
            return
        content = CONTENT if self.path != "/other" else CONTENT[::-1]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.path != "/whole" else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = min(len(content), start + 300_000) if self.path == "/breaks" else len(content)
        self.wfile.write(content[start:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def fetch(target: Path, *addresses: str) -> None:
    download(addresses, target, size=len(CONTENT), sha256=SHA256)


def test_a_file_arrives_whole(server: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    download([f"{server}/fine"], tmp_path / "x", size=len(CONTENT), sha256=SHA256, tell=lambda *args: told.append(args))
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"/breaks: the connection ended after 900,000 of 1,024,000 bytes"):
        fetch(tmp_path / "x", f"{server}/breaks")  # three times 300,000 bytes, then patience ends
    assert (tmp_path / "x.part").stat().st_size == 900_000
    fetch(tmp_path / "x", f"{server}/breaks")
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert [wanted for _, wanted in Handler.asked] == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_server_that_cannot_go_on_is_read_from_the_start(server: str, tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(CONTENT[:5000])
    fetch(tmp_path / "x", f"{server}/whole")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_the_next_mirror_is_asked_where_one_has_nothing_or_something_else(server: str, tmp_path: Path) -> None:
    """Pain 18: download links die."""
    fetch(tmp_path / "x", f"{server}/missing", "http://127.0.0.1:1/closed", f"{server}/other", f"{server}/fine")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_where_no_mirror_helps_each_answer_is_told_and_nothing_false_is_left(server: str, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"(?s)no place gives.*/missing: 404.*/other: what it gives is another file.*file:"
    ):
        fetch(tmp_path / "x", f"{server}/missing", f"{server}/other", "file:///etc/hostname")
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_is_too_long_is_begun_anew(server: str, tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(CONTENT + b"more")
    fetch(tmp_path / "x", f"{server}/fine")
    assert (tmp_path / "x").read_bytes() == CONTENT
