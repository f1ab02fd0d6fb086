"""The packaged configs, found by name as after `pip install`."""

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.config import find_config, load_config, resolve_config
from i2ikit.translation import Progress, RandomStreams, build_model

pytestmark = pytest.mark.slow

SAMPLERS = {"qsattn": "QSAttnGlobalSampler", "qsattn_local_global": "QSAttnLocalGlobalSampler"}


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
@pytest.mark.parametrize(("method", "sampler"), SAMPLERS.items())
def test_a_config_is_sound_and_differs_from_cut_in_sampler_and_gradient(method, sampler, data):
    config = resolve_config(find_config(f"{method}/{data}"))
    cut = load_config(find_config(f"cut/{data}"))
    assert config["plugins"] == ["i2ikit-qsattn"]
    for term in ("content", "identity"):
        ours, theirs = (each["model"]["phases"]["generate"]["terms"][term] for each in (config, cut))
        assert ours["sampler"]["type"] == sampler
        assert ours["detach"] == ["embedding"]
        assert {key for key in ours if ours[key] != theirs.get(key)} == {"sampler", "detach"}


@pytest.mark.parametrize("method", SAMPLERS)
def test_photos_are_sampled_as_published_and_small_maps_by_a_quarter(method):
    terms = {
        data: load_config(find_config(f"{method}/{data}"))["model"]["phases"]["generate"]["terms"]
        for data in ("horse2zebra", "stripes")
    }
    assert terms["horse2zebra"]["content"]["sampler"] == {"type": SAMPLERS[method], "num": 256}
    assert terms["stripes"]["content"]["sampler"] == {"type": SAMPLERS[method], "num": 64, "random_layers": 2}


@pytest.mark.parametrize("method", SAMPLERS)
def test_a_step_trains_the_generator(method):
    config = load_config(find_config(f"{method}/stripes"), ["model.generators.ab.filters=4"])
    model = build_model(config["model"], Builder())
    batch = {domain: torch.rand(1, 3, 32, 32) * 2 - 1 for domain in "ab"}
    losses = model.train_step(
        [batch], lambda _phase, loss: loss.backward(), Progress(1, 1, 1, 1), [RandomStreams(0, 1)]
    )
    assert all(loss.isfinite() for loss in losses.values())
    assert all(weight.grad is not None for weight in model.generators["ab"].parameters())
