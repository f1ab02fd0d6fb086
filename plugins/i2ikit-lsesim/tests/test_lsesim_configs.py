import pytest
import torch

from i2ikit.build import Builder
from i2ikit.config import find_config, load_config, resolve_config
from i2ikit.errors import ConfigError, ShapeError
from i2ikit.translation import Progress, RandomStreams, build_model

pytestmark = pytest.mark.slow

RANDOM = ["model.extractors.vgg.weights=random"]


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
@pytest.mark.parametrize("method", ["fsesim", "lsesim"])
def test_a_config_is_sound(method, data):
    config = resolve_config(find_config(f"{method}/{data}"), RANDOM)
    assert config["plugins"] == ["i2ikit-lsesim"]
    assert list(config["model"]["phases"]) == [*(["learn"] if method == "lsesim" else []), "discriminate", "generate"]
    content = config["model"]["phases"]["generate"]["terms"]["content"]
    assert (content["weight"], content.get("head")) == (10.0, "f" if method == "lsesim" else None)


def test_published_settings_need_the_published_weights():
    with pytest.raises(ConfigError, match=r"the weights cannot be read: .*vgg16\.pth"):
        resolve_config(find_config("fsesim/horse2zebra"))


def trained(method):
    overrides = [
        *("model.generators.ab.filters=4", "model.extractors.vgg.filters=4"),
        *RANDOM,
    ]
    torch.manual_seed(0)
    model = build_model(load_config(find_config(f"{method}/stripes"), overrides)["model"], Builder())
    graded = {}

    def update(phase, loss):
        model.zero_grad()
        loss.backward()
        graded[phase] = {name for name, parameter in model.named_parameters() if parameter.grad is not None}

    batch = {domain: torch.rand(1, 3, 32, 32) * 2 - 1 for domain in "ab"}
    losses = model.train_step([batch], update, Progress(1, 1, 1, 1), [RandomStreams(0, 1)])
    assert all(loss.isfinite() for loss in losses.values())
    return model, {phase: {name.split(".")[0] for name in names} for phase, names in graded.items()}


def test_the_generator_learns_and_the_extractor_does_not():
    model, graded = trained("fsesim")
    assert graded == {"discriminate": {"discriminators"}, "generate": {"generators"}}
    assert not any(parameter.requires_grad for parameter in model.extractors.parameters())


def test_the_head_learns_in_a_phase_of_its_own():
    _, graded = trained("lsesim")
    assert graded == {"learn": {"heads"}, "discriminate": {"discriminators"}, "generate": {"generators"}}


def test_images_of_two_sizes_have_no_common_positions():
    model, _ = trained("fsesim")
    batch = {"a": torch.zeros(1, 3, 32, 32), "b": torch.zeros(1, 3, 48, 32)}
    term = model.terms["content"]
    term.target = "b"
    with pytest.raises(ShapeError, match=r"similarities need maps of one size, but at the tap 'relu3_1'"):
        model.train_step([batch], lambda *_: None, Progress(1, 1, 1, 1), [RandomStreams(0, 1)])
