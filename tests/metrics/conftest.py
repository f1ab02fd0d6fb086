"""Weights that need no download, and a cache of the test's own."""

from pathlib import Path

import pytest
import torch

from i2ikit.files import CACHE_VARIABLE
from i2ikit.metrics.feature_store import shared_store


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> Path:
    """Keep features in the folder of the test, and share none with other tests."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    shared_store.cache_clear()
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def random_inception(tmp_path_factory) -> Path:
    """A file with random weights of torch-fidelity's Inception."""
    from torch_fidelity import FeatureExtractorInceptionV3

    folder = tmp_path_factory.mktemp("weights")
    torch.save({}, folder / "empty.pth")
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        empty = str(folder / "empty.pth")
        network = FeatureExtractorInceptionV3("random", ["2048"], feature_extractor_weights_path=empty)
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):  # torch's default gives slow denormal features
                torch.nn.init.kaiming_normal_(module.weight)
    torch.save(network.state_dict(), folder / "random.pth")
    return folder / "random.pth"


@pytest.fixture
def as_standard(random_inception, monkeypatch) -> Path:
    """The random weights, taken for the standard ones."""
    from dataclasses import replace

    from i2ikit.files import file_hash
    from i2ikit.metrics import backbones

    wanted = replace(backbones.STANDARD_WEIGHTS, sha256=file_hash(random_inception))
    monkeypatch.setattr(backbones, "STANDARD_WEIGHTS", wanted)
    return random_inception
