import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

from i2ikit.errors import DataError, MetricError
from i2ikit.metrics import weights
from i2ikit.metrics.weights import WeightsFile, find_weights, read_state_dict

CONTENT = b"numbers"
SHA = hashlib.sha256(CONTENT).hexdigest()
WANTED = WeightsFile("the file of a network", ("net-1.pth", "net.pth"), "https://example.org/net-1.pth", SHA)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """Torch's cache of this test; every download fails."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def no_network(addresses, target, *, sha256):
        raise DataError("no network")

    monkeypatch.setattr(weights, "download", no_network)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", WANTED.names)
def test_a_file_in_torchs_cache_is_found_under_each_of_its_names(name, cache):
    (cache / name).write_bytes(CONTENT)
    assert find_weights(WANTED) == cache / name


def test_a_given_file_is_used(cache, tmp_path):
    (tmp_path / "mine.pth").write_bytes(CONTENT)
    assert find_weights(WANTED, tmp_path / "mine.pth") == tmp_path / "mine.pth"


def test_without_a_network_the_error_has_name_hash_source_and_folder(cache):
    with pytest.raises(MetricError) as caught:
        find_weights(WANTED)
    for part in (
        "cannot find or download the file of a network: no network",
        "net-1.pth",
        SHA,
        "https://example.org",
        str(cache),
    ):
        assert part in str(caught.value)


def test_a_missing_file_is_downloaded_into_torchs_cache(cache, monkeypatch):
    def download(addresses, target, *, sha256):
        assert (addresses, sha256) == ([WANTED.url], SHA)
        target.write_bytes(CONTENT)

    monkeypatch.setattr(weights, "download", download)
    assert find_weights(WANTED) == cache / "net-1.pth"


def test_another_file_with_the_name_is_refused(cache):
    (cache / "net.pth").write_bytes(b"other numbers")
    with pytest.raises(MetricError, match=r"net\.pth is not the file of a network: its SHA-256 begins"):
        find_weights(WANTED)


def test_a_missing_given_file_is_named(cache, tmp_path):
    with pytest.raises(MetricError, match=r"there is no file .*gone\.pth\. Needed is net-1\.pth \(SHA-256 "):
        find_weights(WANTED, tmp_path / "gone.pth")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "half.pth").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(MetricError, match=r"half\.pth is not complete: it is cut off"):
        read_state_dict(tmp_path / "half.pth")


def test_code_in_a_file_is_not_run(tmp_path):
    torch.save(nn.Linear(1, 1), tmp_path / "module.pth")
    with pytest.raises(MetricError, match=r"module\.pth holds types that are not allowed: torch\.nn.*Linear"):
        read_state_dict(tmp_path / "module.pth")
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(MetricError, match=r"list\.pth is no state dict but a list"):
        read_state_dict(tmp_path / "list.pth")
