import pytest
import torch

from i2ikit.errors import MetricError
from i2ikit.files import file_hash
from i2ikit.metrics import lpips
from i2ikit.metrics.lpips import LPIPS, standard_weights
from i2ikit.metrics.weights import WeightsFile


def images(*, size: int = 64, seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def random_squeezenet(tmp_path, monkeypatch):
    """Random weights, taken for torchvision's, and a cache of torch without them."""
    import torchvision.models

    torch.manual_seed(0)
    path = tmp_path / "given" / standard_weights("squeeze").names[0]
    path.parent.mkdir()
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), path)
    wanted = WeightsFile("x", (path.name,), "https://example.org", file_hash(path))
    monkeypatch.setattr(lpips, "standard_weights", lambda network: wanted)
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path / "hub"))
    yield path
    torch.hub.set_dir(before)


@pytest.mark.slow
def test_it_is_torchmetrics_lpips_with_weights_from_a_given_file(random_squeezenet, tmp_path):
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    outputs, truth = images(), images(seed=1)
    metric = LPIPS("squeeze", random_squeezenet)
    metric.update({"output": outputs, "b": truth})
    assert torch.hub.get_dir() == str(tmp_path / "hub")

    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    random_squeezenet.rename(cache / random_squeezenet.name)  # where torchmetrics looks
    reference = LearnedPerceptualImagePatchSimilarity("squeeze")
    reference.update(*((found.add(1).mul(127.5).round() / 127.5 - 1) for found in (outputs, truth)))
    assert metric.compute() == {"squeeze": pytest.approx(reference.compute().item(), rel=1e-5)}

    again = LPIPS("squeeze")  # found in the cache
    again.update({"output": outputs, "b": outputs})
    assert again.compute()["squeeze"] == pytest.approx(0, abs=1e-7)


def test_the_standard_weights_are_torchvisions():
    found = standard_weights("alex")
    assert found.names == ("alexnet-owt-7be5be79.pth",)
    assert found.sha256 == "7be5be79"


def test_small_images_are_refused():
    with pytest.raises(MetricError, match=r"LPIPS needs images of at least 64x64, not \(32, 32\)"):
        LPIPS().update({"output": images(size=32), "b": images(size=32)})


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match=r"network must be one of alex, vgg, squeeze, not 'alexnet'\. Nearest: 'alex'"):
        LPIPS("alexnet")


def test_without_torchmetrics_there_is_a_way_out(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MetricError, match=r"LPIPS needs torchmetrics: pip install 'i2ikit\[metrics\]'"):
        LPIPS().prepare(torch.device("cpu"))
