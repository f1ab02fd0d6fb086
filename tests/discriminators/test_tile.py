import pytest
import torch

from i2ikit.discriminators.patchgan import PatchGAN
from i2ikit.discriminators.tile import TileDiscriminator
from i2ikit.errors import ShapeError


@pytest.mark.parametrize("antialias", [True, False])
def test_each_tile_is_scored_as_an_image_of_its_own(antialias: bool) -> None:
    torch.manual_seed(0)
    net = TileDiscriminator(filters=2, antialias=antialias, init="kaiming").double()
    x = torch.rand(2, 3, 32, 48, dtype=torch.float64)
    scores = net(x)
    assert scores.shape == (2, 1, 4, 6)
    for row in range(2):
        for column in range(3):
            tile = x[:, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            alone = scores[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            torch.testing.assert_close(alone, PatchGAN.forward(net, tile))


def test_a_score_gets_its_gradient_from_its_tile_only() -> None:
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    TileDiscriminator(filters=2, init="kaiming")(x)[0, 0, 3, 0].backward()
    assert x.grad is not None
    assert x.grad[:, :, 16:, :16].abs().sum() > 0
    assert x.grad[:, :, :16].abs().sum() == 0
    assert x.grad[:, :, :, 16:].abs().sum() == 0


def test_an_image_that_cannot_be_tiled_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"TileDiscriminator needs .* multiples of 16, got 32 x 40"):
        TileDiscriminator(filters=2)(torch.zeros(1, 3, 32, 40))


def test_a_tile_too_small_for_its_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="tile must be at least 24 pixels for 3 layers, not 16"):
        TileDiscriminator(layers=3)


def test_the_tap_of_a_layer_has_its_tiles_in_their_places():
    torch.manual_seed(0)
    net = TileDiscriminator(filters=2, tile=16, init="kaiming")
    x = torch.rand(1, 3, 32, 32)
    features = net.trace(x, ["layer1"])["layer1"]
    corner = net.trace(x[..., 16:, 16:], ["layer1"])["layer1"]
    torch.testing.assert_close(features[..., 8:, 8:], corner)
