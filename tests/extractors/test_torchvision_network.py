import pytest
import torch
from torchvision import models

from i2ikit.errors import ShapeError
from i2ikit.extractors import TorchvisionNetwork


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    network = models.shufflenet_v2_x0_5(num_classes=5)
    path = tmp_path_factory.mktemp("weights") / "network.pth"
    torch.save(network.state_dict(), path)
    return network.eval(), str(path)


def test_its_output_and_layers_are_those_of_torchvision(weights):
    published, path = weights
    network = TorchvisionNetwork("shufflenet_v2_x0_5", path, layers=["stage2"], classes=5).train()
    assert not network.training
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    y = ((x + 1) / 2 - mean.view(3, 1, 1)) / deviation.view(3, 1, 1)
    with torch.no_grad():
        found = network.trace(x, ["stage2", "out"])
        torch.testing.assert_close(found["out"], published(y))
        torch.testing.assert_close(found["stage2"], published.stage2(published.maxpool(published.conv1(y))))
    assert network.widths(["out", "stage2"]) == [5, found["stage2"].shape[1]]
    assert network.tap_names == ("stage2", "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "resnet5"}, r"torchvision has no network 'resnet5'\. Nearest: 'resnet"),
        ({"layers": ["stage1"]}, "shufflenet_v2_x0_5 has no layer 'stage1'"),
        ({"weights": "none.pth"}, r"there is no file none\.pth"),
        ({"classes": 0}, "classes must be an integer above 0"),
    ],
)
def test_wrong_arguments_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        TorchvisionNetwork(**{"name": "shufflenet_v2_x0_5", "weights": "random", **arguments})


def test_images_of_other_channels_are_refused(weights):
    with pytest.raises(ShapeError, match=r"needs images \(B, 3, H, W\), got \(1, 1, 32, 32\)"):
        TorchvisionNetwork("shufflenet_v2_x0_5", "random").trace(torch.zeros(1, 1, 32, 32), ["out"])
