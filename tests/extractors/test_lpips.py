import pytest
import torch

from i2ikit.extractors import LPIPSFeatures
from i2ikit.extractors.lpips import TAPS
from i2ikit.extractors.vgg16 import FACTORS, LAYERS, NAMES
from i2ikit.losses import L2Loss
from i2ikit.terms.feature import FeatureTerm

FILTERS = 8


class Traced:
    """A step that traces images through one network."""

    def __init__(self, network: LPIPSFeatures, **images: torch.Tensor) -> None:
        self.network, self.images = network, images

    def taps(self, network: str, image: str, names: list[str], *, grad: bool = True) -> dict[str, torch.Tensor]:
        return self.network.trace(self.images[image], names)


def term() -> FeatureTerm:
    return FeatureTerm("extractors.lpips", "x", "y", TAPS, L2Loss(), weights=[1] * 5)


def test_the_feature_distance_is_the_published_lpips(tmp_path):
    lpips = pytest.importorskip("torchmetrics.functional.image.lpips")
    torch.manual_seed(0)
    published = lpips._NoTrainLpips(net="vgg", pnet_rand=True).eval()
    state = published.net.state_dict()
    torch.save(state, tmp_path / "vgg16.pth")
    widths = [64 * FACTORS[NAMES.index(tap)] for tap in TAPS]
    linear = {f"lin{index}.model.1.weight": torch.rand(1, width, 1, 1) for index, width in enumerate(widths)}
    torch.save(linear, tmp_path / "vgg.pth")
    for index in range(5):
        getattr(published, f"lin{index}").model[1].weight.data = linear[f"lin{index}.model.1.weight"]
    network = LPIPSFeatures(str(tmp_path / "vgg16.pth"), str(tmp_path / "vgg.pth"))
    x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        found, expected = term()(Traced(network, x=x, y=y)), published(x, y).mean()
    assert found.item() == pytest.approx(expected.item(), rel=1e-4)


def test_equal_images_have_no_distance_and_no_undefined_gradient():
    network = LPIPSFeatures("random", "random", filters=FILTERS)
    x = torch.zeros(1, 3, 16, 16, requires_grad=True)
    value = term()(Traced(network, x=x, y=x.detach()))
    value.backward()
    assert value.item() == 0
    assert torch.isfinite(x.grad).all()


def test_a_file_without_the_learned_weights_is_an_error(tmp_path):
    torch.save({f"features.{LAYERS[0]}.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
    with pytest.raises(ValueError, match=r"vgg\.pth does not fit ParameterDict, which needs relu1_2 .*; it is missing"):
        LPIPSFeatures("random", str(tmp_path / "vgg.pth"), filters=FILTERS)
