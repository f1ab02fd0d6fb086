import pytest
import torch
from torch import nn

from i2ikit.nn.norms import NORMS, Norm, bias_before, make_norm, mixes_images, take_one_position


def test_instance_norm_takes_each_map_by_itself_with_the_published_eps() -> None:
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64) * 1e-3  # a variance near eps, so that eps shows
    norm = make_norm("instance", 3)
    mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
    torch.testing.assert_close(norm(x), (x - mean) / (var + 1e-5).sqrt())
    assert not norm.state_dict()


def test_instance_norm_is_the_same_in_evaluation() -> None:
    x = torch.randn(1, 2, 4, 4)
    norm = make_norm("instance", 2)
    trained = norm(x)
    assert torch.equal(norm.eval()(x), trained)


def test_an_affine_instance_norm_has_weights_and_no_statistics() -> None:
    norm = make_norm("instance_affine", 2)
    assert set(norm.state_dict()) == {"weight", "bias"}
    x = torch.randn(2, 2, 4, 4)
    torch.testing.assert_close(norm(x), make_norm("instance", 2)(x))


def test_batch_norm_has_weights_and_running_statistics() -> None:
    norm = make_norm("batch", 3)
    assert set(norm.state_dict()) == {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


def test_no_norm_is_the_identity() -> None:
    assert isinstance(make_norm("none", 3), nn.Identity)


def test_only_an_instance_norm_has_a_bias_before_it() -> None:
    assert {kind: bias_before(kind) for kind in ("instance", "instance_affine", "batch", "none")} == {
        "instance": True,
        "instance_affine": True,
        "batch": False,
        "none": False,
    }


def test_an_unknown_norm_names_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"norm must be one of instance, instance_affine, batch, none, not 'instanse'.*'instance'"
    ):
        make_norm("instanse", 3)


class UnknownNorm(nn.modules.batchnorm._NormBase):
    pass


class DeclaredNorm(UnknownNorm):
    mixes_images = False


class MinibatchStatistics(nn.Module):
    mixes_images = True


@pytest.mark.parametrize(
    ("layer", "mixes"),
    [
        (nn.InstanceNorm2d(4), False),
        (nn.InstanceNorm2d(4, track_running_stats=True), True),
        (nn.GroupNorm(2, 4), False),
        (nn.LayerNorm(4), False),
        (nn.Conv2d(4, 4, 1), False),
        (nn.BatchNorm2d(4), True),
        (nn.Dropout(0.5), True),
        (UnknownNorm(4), True),
        (DeclaredNorm(4), False),
        (MinibatchStatistics(), True),
    ],
)
def test_a_layer_mixes_images_by_its_declaration_else_by_its_base_class(layer: nn.Module, mixes: bool) -> None:
    assert mixes_images(layer) is mixes
    assert mixes_images(nn.Sequential(nn.ReLU(), layer)) is mixes


@pytest.mark.parametrize("mixes", [True, False])
def test_a_new_norm_is_one_entry_that_declares_whether_it_mixes_images(
    monkeypatch: pytest.MonkeyPatch, mixes: bool
) -> None:
    monkeypatch.setitem(NORMS, "new", Norm(nn.Softplus, bias_before=True, mixes_images=mixes))
    assert mixes_images(nn.Sequential(make_norm("new", 3))) is mixes
    assert bias_before("new")


def test_a_norm_of_one_position_returns_its_bias_and_all_else_stays() -> None:
    networks = nn.Sequential(nn.InstanceNorm2d(2), nn.InstanceNorm2d(2, affine=True))
    nn.init.constant_(networks[1].bias, 0.5)
    x, one = torch.randn(2, 2, 3, 4), torch.tensor([[[[3.0]], [[-7.0]]]])
    before = [layer(x) for layer in networks]
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        networks[0](one)
    take_one_position(networks)
    assert all(torch.equal(layer(x), value) for layer, value in zip(networks, before, strict=True))
    assert networks[0](one).flatten().tolist() == pytest.approx([0, 0], abs=1e-3)
    assert networks[1](one).flatten().tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
    assert networks[0](x[0]).shape == (2, 3, 4)  # an image without a batch, as before


def test_a_norm_with_running_statistics_stays_as_it_is() -> None:
    norm = nn.Sequential(nn.InstanceNorm2d(1, track_running_stats=True)).eval()
    x = torch.randn(1, 1, 1, 1)
    expected = norm(x)
    take_one_position(norm)
    torch.testing.assert_close(norm(x), expected)
