"""FID and KID equal those of another tool, and record how they were measured."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from i2ikit.errors import MetricError
from i2ikit.metrics.backbones import Backbone
from i2ikit.metrics.base import to_bytes
from i2ikit.metrics.feature_distance import FeatureDistance
from i2ikit.metrics.feature_store import FeatureStore
from i2ikit.metrics.fid import FID
from i2ikit.metrics.functional.feature_distances import frechet_distance, kernel_distance
from i2ikit.metrics.kid import KID

OTHER = {"backbone": "resnet18", "weights": "x.pth"}


def images(count: int, *, channels: int = 3, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, 4, 4, generator=generator)
    return torch.nn.functional.interpolate(coarse, 32, mode="bilinear") * 2 - 1


class Bytes(Dataset):
    def __init__(self, found: torch.Tensor) -> None:
        self.found = to_bytes(found, "")

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.found[index]


class Means(Backbone):
    """Mean of each channel, in 0..255."""

    name = "means"

    def load(self, device: torch.device | None = None) -> None:
        pass

    def _build(self) -> tuple[nn.Module, Path]:
        raise AssertionError("a mean needs no network")

    def _features(self, found: torch.Tensor) -> torch.Tensor:
        return found.float().mean(dim=(2, 3))


def filled(metric: FeatureDistance, outputs: torch.Tensor, real: torch.Tensor) -> FeatureDistance:
    for start in range(0, len(outputs), 2):
        metric.update({"output": outputs[start : start + 2]})
        metric.add_real(real[start : start + 2], None)
    return metric


@pytest.mark.slow
def test_they_are_torch_fidelitys_on_the_same_images_offline(as_standard):
    import torch_fidelity

    outputs, real = images(2), images(2, seed=1)
    weights = str(as_standard)
    expected = torch_fidelity.calculate_metrics(  # its FID takes the root of a matrix of 2048 rows: half a minute
        input1=Bytes(outputs), input2=Bytes(real), kid=True, kid_subset_size=2, kid_subsets=2, cuda=False,
        feature_extractor_weights_path=weights, cache=False, save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    reference = torch_fidelity.FeatureExtractorInceptionV3("", ["2048"], feature_extractor_weights_path=weights)
    features = [reference(to_bytes(found, ""))[0] for found in (outputs, real)]
    kid = filled(KID(weights=as_standard, resizing="legacy", subsets=2, subset_size=2), outputs, real)
    fid = filled(FID(weights=as_standard, resizing="legacy"), outputs, real)
    assert kid.compute()["legacy"] == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-3)
    assert fid.compute()["legacy"] == pytest.approx(frechet_distance(*features), rel=1e-5)
    protocol = fid.protocol()
    assert (protocol["backbone"], protocol["resizing"]) == ("inception-v3-compat", "legacy")
    assert (protocol["outputs"], protocol["real"], len(protocol["weights_sha256"])) == (2, 2, 64)


@pytest.mark.slow
def test_other_weights_of_inception_are_refused(random_inception):
    with pytest.raises(MetricError, match=r"random\.pth is not the Inception weights of FID and KID"):
        FID(weights=random_inception).prepare(torch.device("cpu"))


@pytest.mark.parametrize(
    ("metric", "names", "distance"),
    [
        (FID(), ["clean"], lambda *found: [frechet_distance(*found)]),
        (FID(**OTHER, resizing="legacy"), ["distance"], lambda *found: [frechet_distance(*found)]),
        (KID(resizing="legacy"), ["legacy", "legacy_std"], kernel_distance),
        (
            KID(**OTHER, subsets=3, subset_size=4),
            ["distance", "distance_std"],
            lambda *found: kernel_distance(*found, subsets=3, subset_size=4),
        ),
    ],
)
def test_the_values_are_distances_of_the_features_named_after_resizing_or_network(metric, names, distance):
    outputs, real = images(6), images(6, seed=1)
    features = [to_bytes(found, "").float().mean(dim=(2, 3)) for found in (outputs, real)]
    metric.store = FeatureStore(Means(None, "clean"))
    assert filled(metric, outputs, real).compute() == pytest.approx(dict(zip(names, distance(*features), strict=True)))
    assert metric.better[names[0]] == "lower"


def test_one_image_is_too_few_also_after_a_reset():
    metric = KID()
    metric.store = FeatureStore(Means(None, "clean"))
    filled(metric, images(4), images(4)).reset()
    filled(metric, images(1), images(1))
    with pytest.raises(MetricError, match="KID needs at least 2 outputs and 2 real images, not 1 and 1"):
        metric.compute()


def test_subsets_of_no_images_are_refused():
    with pytest.raises(ValueError, match="subset_size must be an integer above 0, not 0"):
        KID(subset_size=0)
