import pytest
import torch
from torch import nn

from i2ikit.nn.frozen import ImageNetInput, load_frozen


def test_weights_are_read_by_their_names_in_the_network(tmp_path):
    source, network = nn.Linear(2, 3), nn.Linear(2, 3)
    torch.save({f"layers.{key}": value for key, value in source.state_dict().items()}, tmp_path / "w.pth")
    load_frozen(network, str(tmp_path / "w.pth"), lambda state: {key[7:]: value for key, value in state.items()})
    assert torch.equal(network.weight, source.weight)
    assert torch.equal(network.bias, source.bias)


def test_a_network_on_the_meta_device_is_compared_and_stays_without_values(tmp_path):
    torch.save(nn.Linear(2, 3).state_dict(), tmp_path / "w.pth")
    network = nn.Linear(2, 3, device="meta")
    load_frozen(network, str(tmp_path / "w.pth"))
    assert network.weight.is_meta


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"weight": torch.zeros(3, 2)}, r"w\.pth does not fit Linear, which needs bias of shape \(3,\); it is missing"),
        ({"weight": torch.zeros(3, 1), "bias": torch.zeros(3)}, r"it is of shape \(3, 1\) there"),
        ([torch.zeros(3, 2)], "is no state dict but a list"),
        ({1: torch.zeros(3, 2)}, "is no state dict but a dict with other keys than names"),
    ],
)
def test_a_file_of_other_weights_is_an_error(tmp_path, content, message):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=message):
        load_frozen(nn.Linear(2, 3), str(tmp_path / "w.pth"))


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ValueError, match=r"the weights cannot be read: there is no file .*none\.pth"):
        load_frozen(nn.Linear(2, 3), str(tmp_path / "none.pth"))


def test_a_gray_image_is_normalized_as_three_channels():
    x = torch.tensor([[[[-1.0, 1.0]]]])
    expected = [
        [(value - mean) / deviation for value in (0, 1)] for mean, deviation in ((0.4, 0.2), (0.5, 0.1), (0, 1))
    ]
    found = ImageNetInput((0.4, 0.5, 0), (0.2, 0.1, 1))(x)
    assert found[0, :, 0] == pytest.approx(torch.tensor(expected))
