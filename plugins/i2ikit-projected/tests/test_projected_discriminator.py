"""The discriminator: what is trained, what gradient passes through, and a run from check to resume."""

import pytest
import torch
from i2ikit_projected.discriminator import ProjectedDiscriminator, SpectralConv2d

from i2ikit.build import Builder
from i2ikit.config import find_config, resolve_config
from i2ikit.config.validate import find_errors
from i2ikit.extractors import TorchvisionNetwork, VGG16Features
from i2ikit.nn.norms import mixes_images
from i2ikit.translation import Progress, RandomStreams, build_model

TAPS = ["relu2_2", "relu3_3"]
LINE = (
    "model.discriminators.b={'type': 'ProjectedDiscriminator', 'extractor': {'type': 'VGG16Features', 'weights': "
    "'random', 'filters': 2}, 'taps': ['relu1_2', 'relu2_2'], 'channels': 4, 'filters': 8, "
    "'augment': {'type': 'DiffAugment'}}"
)


@pytest.fixture
def judge():
    torch.manual_seed(0)
    return ProjectedDiscriminator(VGG16Features("random", filters=2), TAPS, channels=4, filters=8)


def test_the_judges_alone_are_trained_and_gradient_reaches_the_image(judge):
    x = torch.rand(2, 3, 32, 32, requires_grad=True)
    sum(logits.sum() for logits in judge(x)).backward()
    trained = {name.partition(".")[0] for name, weight in judge.named_parameters() if weight.grad is not None}
    assert trained == {"judges"}
    assert all(weight.grad is not None for weight in judge.judges.parameters())
    assert (x.grad != 0).any(dim=(1, 2, 3)).all()


def test_fine_scales_see_what_coarse_ones_do_and_not_the_other_way_round(judge):
    x = torch.rand(1, 3, 32, 32)
    fine, coarse = judge.projected(x)
    assert (fine.shape, coarse.shape) == ((1, 4, 16, 16), (1, 8, 8, 8))
    features = judge.extractor.trace(x, TAPS)
    torch.testing.assert_close(coarse, judge.across_channels[1](features["relu3_3"]))
    larger = torch.nn.functional.interpolate(coarse, (16, 16), mode="bilinear")
    expected = judge.across_channels[0](features["relu2_2"]) + judge.across_scales[0](larger)
    torch.testing.assert_close(fine, expected)


def test_logits_do_not_depend_on_the_other_images_or_on_earlier_calls():
    network = TorchvisionNetwork("shufflenet_v2_x0_5", "random", layers=["stage2", "stage3"])
    judge = ProjectedDiscriminator(network, ["stage2", "stage3"], channels=4, filters=8).train()
    assert not mixes_images(judge)
    x = torch.rand(3, 3, 64, 64)
    whole = judge(x)
    for scale, logits in enumerate(judge(x[1:2])):
        torch.testing.assert_close(logits, whole[scale][1:2], atol=1e-5, rtol=1e-4)


def test_the_convolutions_of_the_judges_have_a_spectral_norm_of_one(judge):
    convolutions = [layer for layer in judge.judges.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert len(convolutions) == 4
    assert all(isinstance(layer, SpectralConv2d) for layer in convolutions)
    layer = convolutions[0]
    torch.nn.init.normal_(layer.weight)
    x = torch.rand(2, 4, 8, 8)
    norm = torch.linalg.svdvals(layer.weight.flatten(1)).max()
    expected = torch.nn.functional.conv2d(x, layer.weight / norm, layer.bias, stride=2, padding=1)
    torch.testing.assert_close(layer(x), expected)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(layer(x).float(), expected, atol=0.02, rtol=0.02)


def test_gradient_of_a_spectral_norm_does_not_change_the_scale_of_the_weight():
    torch.manual_seed(0)
    layer = SpectralConv2d(3, 5, 3, bias=False)
    layer(torch.rand(1, 3, 6, 6)).square().sum().backward()
    assert (layer.weight * layer.weight.grad).sum().item() == pytest.approx(0, abs=1e-4)
    assert layer.weight.grad.abs().max() > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"taps": []}, "taps must be a list of at least one name"),
        ({"taps": ["relu9"]}, "VGG16Features has no tap 'relu9'"),
        ({"channels": 0}, "channels must be an integer above 0, not 0"),
        ({"filters": 12}, "filters must be a multiple of 8, not 12"),
    ],
)
def test_wrong_arguments_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        ProjectedDiscriminator(VGG16Features("random", filters=2), **{"taps": TAPS, **arguments})


def test_a_line_of_a_config_checks_and_two_steps_train():
    config = resolve_config(find_config("cut/stripes"), [LINE, "model.generators.ab.filters=4"])
    assert find_errors(config) == []
    model = build_model(config["model"], Builder())
    frozen = {name: value.clone() for name, value in model.discriminators.state_dict().items() if "judges" not in name}
    optimizer = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.1)
    batch = {domain: torch.rand(1, 3, 64, 64) * 2 - 1 for domain in "ab"}

    def update(phase: str, loss: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for step in (1, 2):
        losses = model.train_step([batch], update, Progress(1, step, 1, 2), [RandomStreams(0, step)])
        assert all(loss.isfinite() for loss in losses.values())
    after = model.discriminators.state_dict()
    assert all(torch.equal(after[name], value) for name, value in frozen.items())
