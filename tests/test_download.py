"""Downloads from a local server that breaks off, resumes, or serves another file."""

import concurrent.futures
import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import i2ikit.download
from i2ikit.download import download
from i2ikit.errors import DataError

CONTENT = bytes(range(256)) * 4000  # about 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT in the ways that the paths name; records the requests."""

    requests: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.requests.append((self.path, wanted))
        if self.path == "/missing":
            self.send_error(404)
            return
        content = CONTENT if self.path != "/other" else CONTENT[::-1]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.path != "/whole" else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.path == "/slow":
            time.sleep(0.3)  # long enough for the others to begin
        end = min(len(content), start + 300_000) if self.path == "/breaks" else len(content)
        self.wfile.write(content[start:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.requests = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def fetch(target: Path, *addresses: str) -> None:
    download(addresses, target, sha256=SHA256)


def test_of_several_processes_that_want_one_file_one_fetches_it(server: str, tmp_path: Path) -> None:
    target = tmp_path / "weights.pth"
    with concurrent.futures.ThreadPoolExecutor() as threads:  # a lock of one thread keeps the others out too
        for done in [threads.submit(fetch, target, f"{server}/slow") for _ in range(4)]:
            done.result()
    assert target.read_bytes() == CONTENT
    assert Handler.requests == [("/slow", None)]
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pth"]


def test_a_complete_file_is_all_that_a_download_leaves(server: str, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    download([f"{server}/fine"], tmp_path / "x", sha256=SHA256, progress=lambda *args: calls.append(args))
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert calls[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_broken_download_is_resumed(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"/breaks: the connection ended after 900,000 of 1,024,000 bytes"):
        fetch(tmp_path / "x", f"{server}/breaks")  # three times 300,000 bytes, then the tries are used up
    assert (tmp_path / "x.part").stat().st_size == 900_000
    fetch(tmp_path / "x", f"{server}/breaks")
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert [wanted for _, wanted in Handler.requests] == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_server_without_ranges_is_read_from_the_start(server: str, tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(CONTENT[:5000])
    fetch(tmp_path / "x", f"{server}/whole")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_the_next_address_is_tried_after_an_error_or_another_file(server: str, tmp_path: Path) -> None:
    fetch(tmp_path / "x", f"{server}/missing", "http://127.0.0.1:1/closed", f"{server}/other", f"{server}/fine")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_failure_lists_the_reason_for_each_address_and_leaves_no_file(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)the download failed.*/missing: 404.*/other: it has another file.*file:"):
        fetch(tmp_path / "x", f"{server}/missing", f"{server}/other", "file:///etc/hostname")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [5000, len(CONTENT)])
def test_a_part_is_completed(there: int, server: str, tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(CONTENT[:there])
    fetch(tmp_path / "x", f"{server}/fine")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_the_first_digits_of_a_hash_suffice(server: str, tmp_path: Path) -> None:
    download([f"{server}/fine"], tmp_path / "x", sha256=SHA256[:8])
    assert (tmp_path / "x").exists()


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_a_link_in_place_of_a_part_is_replaced_not_followed(make, server: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    make(tmp_path / "x.part", other)
    fetch(tmp_path / "x", f"{server}/fine")
    assert other.read_bytes() == b"mine"
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert not (tmp_path / "x").is_symlink()
    assert Handler.requests == [("/fine", None)]


def test_a_link_that_appears_before_the_part_is_opened_is_an_error(server: str, tmp_path: Path, monkeypatch) -> None:
    other = tmp_path / "other"
    (tmp_path / "x.part").symlink_to(other)
    monkeypatch.setattr(i2ikit.download, "_size", lambda part: 0)
    with pytest.raises(DataError, match="Too many levels of symbolic links"):
        fetch(tmp_path / "x", f"{server}/fine")
    assert not other.exists()
