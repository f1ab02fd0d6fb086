import pytest
import torch

from i2ikit.build import Builder
from i2ikit.config import find_config, load_config, resolve_config
from i2ikit.translation import Progress, RandomStreams, build_model

pytestmark = pytest.mark.slow

GENERATORS = {"attentiongan": "AttentionGenerator", "ugatit": "UGATITGenerator"}


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
@pytest.mark.parametrize(("method", "generator"), GENERATORS.items())
def test_a_config_is_sound_and_has_the_generator(method, generator, data):
    config = resolve_config(find_config(f"{method}/{data}"))
    assert config["plugins"] == ["i2ikit-attention"]
    assert [config["model"]["generators"][name]["type"] for name in ("ab", "ba")] == [generator, generator]


@pytest.mark.parametrize("method", ["cut", "enco"])
def test_a_method_with_a_mask_is_that_of_the_core(method):
    ours, core = (load_config(find_config(f"{name}/stripes")) for name in (f"attention_{method}", f"{method}_masked"))
    assert ours.pop("plugins") == ["i2ikit-attention"]
    assert ours == core


@pytest.mark.parametrize("method", GENERATORS)
def test_a_step_trains_every_weight_of_the_generators(method):
    overrides = [f"model.generators.{name}.filters=4" for name in ("ab", "ba")]
    model = build_model(load_config(find_config(f"{method}/stripes"), overrides)["model"], Builder())
    batch = {domain: torch.rand(1, 3, 32, 32) * 2 - 1 for domain in "ab"}
    losses = model.train_step(
        [batch], lambda _phase, loss: loss.backward(), Progress(1, 1, 1, 1), [RandomStreams(0, 1)]
    )
    assert all(loss.isfinite() for loss in losses.values())
    for name in ("ab", "ba"):
        assert all(weight.grad is not None for weight in model.generators[name].parameters())
