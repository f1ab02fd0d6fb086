import hashlib
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from i2ikit.errors import MetricError
from i2ikit.metrics import weights
from i2ikit.metrics.weights import WeightsFile, file_hash, find_weights

CONTENT = b"numbers"
SHA = hashlib.sha256(CONTENT).hexdigest()
WANTED = WeightsFile("the file of a network", ("net-1.pth", "net.pth"), "https://example.org/net-1.pth", SHA)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """Torch's cache of this test; whoever wants to download is told that there is no network."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def no_network(url, target, **options):
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", WANTED.names)
def test_a_file_in_torchs_cache_is_found_under_each_of_its_names(name, cache):
    (cache / name).write_bytes(CONTENT)
    assert find_weights(WANTED) == cache / name


def test_a_file_at_a_given_place_is_taken_from_there(cache, tmp_path):
    (tmp_path / "mine.pth").write_bytes(CONTENT)
    assert find_weights(WANTED, tmp_path / "mine.pth") == tmp_path / "mine.pth"


def test_where_there_is_no_network_the_message_has_name_hash_source_and_place(cache):
    with pytest.raises(MetricError) as caught:
        find_weights(WANTED)
    for part in ("could not be downloaded: no network", "net-1.pth", SHA, "https://example.org", str(cache)):
        assert part in str(caught.value)


def test_where_there_is_a_network_the_file_is_downloaded_into_torchs_cache(cache, monkeypatch):
    def download(url, target, *, hash_prefix, progress):
        assert (url, hash_prefix) == (WANTED.url, SHA)
        Path(target).write_bytes(CONTENT)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    assert find_weights(WANTED) == cache / "net-1.pth"


def test_a_download_does_not_wait_for_ever(cache, monkeypatch):
    import socket

    limits = []

    def download(url, target, **options):
        limits.append(socket.getdefaulttimeout())
        raise TimeoutError("timed out")

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(MetricError, match="could not be downloaded: timed out"):
        find_weights(WANTED)
    assert limits == [weights.PATIENCE]
    assert socket.getdefaulttimeout() is None


def test_another_file_of_that_name_is_not_taken(cache):
    (cache / "net.pth").write_bytes(b"other numbers")
    with pytest.raises(MetricError, match=r"net\.pth is another file than the file of a network: its sha256 begins"):
        find_weights(WANTED)


def test_a_given_place_without_a_file_is_named(cache, tmp_path):
    with pytest.raises(MetricError, match=r"there is no file .*gone\.pth\. Needed is net-1\.pth \(sha256 "):
        find_weights(WANTED, tmp_path / "gone.pth")


def test_the_hash_of_a_file_is_its_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"0" * (1 << 21))
    assert file_hash(tmp_path / "x") == hashlib.sha256(b"0" * (1 << 21)).hexdigest()
