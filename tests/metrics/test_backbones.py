import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.errors import MetricError
from i2ikit.metrics.backbones import Classifier, Inception, clean_resize

CPU = torch.device("cpu")
SMALL = "shufflenet_v2_x0_5"


def images(*, height=20, width=24, count=2):
    shape = (count, 3, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def small_weights(tmp_path):
    import torchvision.models

    torch.manual_seed(0)
    network = torchvision.models.get_model(SMALL, weights=None)
    torch.save(network.state_dict(), tmp_path / "small.pth")
    return tmp_path / "small.pth"


@pytest.mark.slow
def test_legacy_features_are_torch_fidelitys_and_clean_ones_are_where_nothing_is_resized(as_standard):
    from torch_fidelity import FeatureExtractorInceptionV3

    reference = FeatureExtractorInceptionV3("", ["2048"], feature_extractor_weights_path=str(as_standard))
    clean, legacy = (Inception(as_standard, resizing) for resizing in ("clean", "legacy"))
    for backbone, size in ((clean, 299), (legacy, 330)):
        backbone.load(CPU)
        found = backbone(images(height=size, width=size, count=1))
        assert found.shape == (1, 2048)
        expected = reference(images(height=size, width=size, count=1))[0]
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(clean(images(height=330, width=330, count=1)), found, rtol=1e-3)


@pytest.mark.slow
def test_features_are_those_before_the_last_linear_layer(small_weights):
    import torchvision.models

    network = torchvision.models.get_model(SMALL, weights=None)
    network.load_state_dict(torch.load(small_weights, weights_only=True))
    seen = []
    network.fc.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    x = clean_resize(images(), 64) / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    network.eval()((x - mean[:, None, None]) / deviation[:, None, None])
    backbone = Classifier(SMALL, small_weights, size=64)
    backbone.load(CPU)
    assert torch.allclose(backbone(images()), seen[0], atol=1e-6)
    assert backbone.protocol()["size"] == "64x64"


def test_clean_resizing_is_pillows_bicubic_of_floating_point_channels():
    found = clean_resize(images(), 13)
    plane = Image.fromarray(images()[1, 2].float().numpy())
    expected = np.asarray(plane.resize((13, 13), Image.Resampling.BICUBIC)).clip(0, 255)
    assert np.array_equal(found[1, 2].numpy(), expected)
    assert found.shape == (2, 3, 13, 13)
    assert torch.equal(clean_resize(images(height=24), 24), images(height=24).float())


def test_an_unknown_backbone_is_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"backbone 'resnet5' is neither inception-v3-compat nor .*Nearest: 'resnet"):
        Classifier("resnet5", "x.pth")


def test_a_classifier_needs_a_file():
    with pytest.raises(ValueError, match="resnet50 needs weights=FILE"):
        Classifier("resnet50", None)


def test_an_unknown_resizing_is_refused():
    with pytest.raises(ValueError, match=r"resizing must be one of clean, legacy, not 'clear'\. Nearest: 'clean'"):
        Inception(resizing="clear")


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(MetricError, match=r"weights cannot be read: there is no file .*gone\.pth"):
        Classifier(SMALL, tmp_path / "gone.pth").load(CPU)


@pytest.mark.slow
def test_weights_of_another_network_do_not_fit(tmp_path, small_weights):
    with pytest.raises(MetricError, match=r"small\.pth has no weights of resnet18: Error"):
        Classifier("resnet18", small_weights).load(CPU)


@pytest.mark.slow
def test_a_network_without_a_last_linear_layer_has_no_features(tmp_path):
    import torchvision.models

    torch.save(torchvision.models.get_model("squeezenet1_1", weights=None).state_dict(), tmp_path / "x.pth")
    with pytest.raises(MetricError, match="squeezenet1_1 has no linear layer"):
        Classifier("squeezenet1_1", tmp_path / "x.pth").load(CPU)


def test_without_torch_fidelity_there_is_a_way_out(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MetricError, match=r"needs torch-fidelity: pip install 'i2ikit\[metrics\]'"):
        Inception().load(CPU)
