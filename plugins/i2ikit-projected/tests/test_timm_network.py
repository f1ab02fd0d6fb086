"""Networks of timm: their features are timm's own, their input is normalized as theirs, and what is refused."""

import pytest
import timm
import torch
from i2ikit_projected.discriminator import ProjectedDiscriminator
from i2ikit_projected.timm_network import TimmNetwork

import i2ikit
from i2ikit.errors import ShapeError
from i2ikit.extras import MissingExtraError

INSTALL = r"^TimmNetwork needs timm 1\.0\.31 or newer: pip install 'i2ikit-projected\[timm\]'$"
NAME, LAYERS = "test_efficientnet", ["blocks.1", "blocks.3"]  # 80,000 weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    network = timm.create_model(NAME, pretrained=False, num_classes=5)
    path = tmp_path_factory.mktemp("weights") / "network.pth"
    torch.save(network.state_dict(), path)
    return network.eval(), str(path)


def test_its_features_are_those_of_timm_of_its_normalized_input(weights):
    published, path = weights
    network = TimmNetwork(NAME, path, layers=LAYERS).train()
    assert not network.training
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    mean, deviation = (torch.tensor(published.pretrained_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        first, second = network.trace(x, LAYERS).values()
        _, expected = published.forward_intermediates(((x + 1) / 2 - mean) / deviation, indices=[1, 3])
    torch.testing.assert_close(first, expected[0])
    torch.testing.assert_close(second, expected[1])
    assert network.tap_names == tuple(LAYERS)
    assert network.widths(["blocks.3", "blocks.1"]) == [second.shape[1], first.shape[1]]


def test_without_layers_its_taps_are_all_that_features_only_has():
    network = TimmNetwork(NAME, "random")
    info = timm.create_model(NAME, pretrained=False, features_only=True).feature_info
    assert list(network.tap_names) == info.module_name()
    assert network.widths(network.tap_names) == info.channels()


def test_what_comes_after_the_last_layer_is_left_out():
    assert not any(
        name.startswith(("blocks.2", "conv_head"))
        for name in TimmNetwork(NAME, "random", layers=LAYERS[:1]).network.state_dict()
    )


def test_a_tag_of_weights_chooses_the_normalization():
    assert TimmNetwork("test_vit", "random").input.mean.flatten().tolist() == [0.5] * 3
    assert TimmNetwork("resnet10t.c3_in1k", "random").input.mean.flatten().tolist() == pytest.approx(
        [0.485, 0.456, 0.406]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "resnet5"}, r"timm has no network 'resnet5'\. Nearest: 'resnet"),
        (
            {"name": "resnet10t.c4_in1k"},
            r"no network 'resnet10t.c4_in1k' with weights in timm\. Nearest: 'resnet10t.c3_in1k'",
        ),
        ({"name": "hf-hub:timm/resnet10t"}, "timm has no network 'hf-hub:timm/resnet10t'"),
        ({"layers": ["blocks.9"]}, r"no layer 'blocks.9' with features in test_efficientnet\. Nearest: 'blocks"),
        ({"weights": "none.pth"}, r"there is no file none\.pth"),
    ],
)
def test_wrong_arguments_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        TimmNetwork(**{"name": NAME, "weights": "random", **arguments})


def test_images_of_other_channels_and_unknown_taps_are_refused():
    network = TimmNetwork(NAME, "random", layers=LAYERS)
    with pytest.raises(ShapeError, match=r"needs images \(B, 3, H, W\), got \(1, 1, 32, 32\)"):
        network.trace(torch.zeros(1, 1, 32, 32), LAYERS)
    with pytest.raises(
        ValueError, match=r"no tap 'blocks\.2' in the layers of TimmNetwork.* There are: blocks\.1, blocks\.3"
    ):
        ProjectedDiscriminator(network, ["blocks.2"], channels=4, filters=8)


def test_without_timm_the_message_is_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("i2ikit_projected.timm_network.find_spec", {}.get)
    with pytest.raises(MissingExtraError, match=INSTALL):
        TimmNetwork(NAME, "random")


def test_an_older_timm_is_refused_by_the_same_message(monkeypatch):
    monkeypatch.setattr("i2ikit_projected.timm_network.version", {"timm": "1.0.9"}.get)
    with pytest.raises(MissingExtraError, match=INSTALL):
        TimmNetwork(NAME, "random")


@pytest.mark.slow
def test_a_run_with_it_has_the_frozen_weights_once_in_its_checkpoint(weights, tmp_path):
    published, path = weights
    extractor = {"type": "TimmNetwork", "name": NAME, "weights": path, "layers": LAYERS}
    judge = {"type": "ProjectedDiscriminator", "extractor": extractor, "taps": LAYERS, "channels": 4, "filters": 8}
    small = [
        f"model.discriminators.b={judge}",
        "model.generators.ab.filters=2",
        "data.train.count=2",
        "data.test.count=1",
    ]
    small += ["data.workers=0", "evaluation.every=0"]
    i2ikit.train("cut/stripes", work_dir=tmp_path, set=small, max_steps=2, quiet=True)
    state = torch.load(tmp_path / "checkpoints/step_000002.pt", weights_only=True)
    saved = [name for name in state["model"] if name.endswith("blocks.1.0.conv_exp.weight")]
    assert saved == ["discriminators.b.extractor.network.blocks.1.0.conv_exp.weight"]
    assert torch.equal(state["model"][saved[0]], published.state_dict()["blocks.1.0.conv_exp.weight"])
    trained = state["optimizers"]["discriminate"]["state"]
    assert len(trained) == len([name for name in state["model"] if name.startswith("discriminators.b.judges")])
