import pytest
import torch
from torch.nn import functional as F

from i2ikit.extractors import VGG16Features
from i2ikit.extractors.vgg16 import LAYERS, NAMES


@pytest.fixture
def published(tmp_path):
    """Random weights of VGG16 at an eighth of its width, numbered as torchvision numbers them."""
    torch.manual_seed(0)
    widths = [3, 8, 8, 16, 16, 32, 32, 32, 64, 64, 64, 64, 64, 64]
    state = {"classifier.0.weight": torch.zeros(2, 2)}
    for number, inputs, outputs in zip(LAYERS, widths, widths[1:], strict=False):
        state[f"features.{number}.weight"] = torch.randn(outputs, inputs, 3, 3) / 10
        state[f"features.{number}.bias"] = torch.randn(outputs)
    torch.save(state, tmp_path / "vgg16.pth")
    return state, str(tmp_path / "vgg16.pth")


def test_taps_equal_the_layers_of_torchvision(published):
    state, path = published
    x = torch.rand(2, 3, 32, 48) * 2 - 1
    found = VGG16Features(path, filters=8).trace(x, NAMES)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    value = ((x + 1) / 2 - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)
    for name, number in zip(NAMES, LAYERS, strict=True):
        if name.endswith("_1") and name != "relu1_1":
            value = F.max_pool2d(value, 2)
        value = F.relu(F.conv2d(value, state[f"features.{number}.weight"], state[f"features.{number}.bias"], padding=1))
        torch.testing.assert_close(found[name], value)


def test_layers_above_the_last_tap_are_not_built_and_weights_of_wrappers_are_read(published, tmp_path):
    state, _ = published
    torch.save({key.replace("features", "relu3_1"): value for key, value in state.items()}, tmp_path / "wrapped.pth")
    vgg = VGG16Features(str(tmp_path / "wrapped.pth"), last="relu3_1", filters=8)
    assert vgg.tap_names == NAMES[:5]
    assert torch.equal(vgg.get_parameter("stages.relu3_1.conv.bias"), state["features.10.bias"])


def test_a_gray_image_has_the_features_of_its_three_copies(published):
    _, path = published
    x = torch.rand(1, 1, 16, 16)
    gray, color = (VGG16Features(path, filters=8, in_channels=channels) for channels in (1, 3))
    torch.testing.assert_close(gray.trace(x, NAMES[-1:]), color.trace(x.expand(1, 3, 16, 16), NAMES[-1:]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"last": "relu6_1"}, "last must be one of relu1_1, .*, not 'relu6_1'"),
        ({"in_channels": 2}, "in_channels must be 3, or 1 for gray images, not 2"),
        ({"filters": 0}, "filters must be an integer above 0, not 0"),
        ({"weights": "none.pth"}, r"there is no file none\.pth"),
    ],
)
def test_wrong_arguments_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        VGG16Features(**{"weights": "random", "filters": 4, **arguments})
