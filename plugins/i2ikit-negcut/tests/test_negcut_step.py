"""Whole steps of NEGCUT with tiny networks: who is updated, in which direction, and what the average does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation, build_model

TAPS = ["stem", "block1"]
GENERATED = {"type": "GeneratedNegatives", "maker": "hard", "head": "f_slow", "taps": TAPS, "num": 6}
OF_A = {**GENERATED, "image": ["ab", "a"]}
CONTENT = {
    "type": "PatchTerm",
    "query": ["ab", "ab(a)"],
    "key": ["ab", "a"],
    "head": "f",
    "taps": TAPS,
    "loss": {"type": "PatchNCELoss"},
    "sampler": {"type": "RandomSampler", "num": 8},
    "negatives": OF_A,
}
AGAINST = {**CONTENT, "weight": -1.0}
VARIETY = {"type": "ModeSeekingTerm", "negatives": OF_A, "stream": "against"}


def config(**terms: Any) -> dict[str, Any]:
    return {
        "generators": {"ab": {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "init": "normal"}},
        "heads": {
            "f": {"type": "MLPHead", "of": "ab", "taps": TAPS, "dim": 4, "init_gain": 1.0},
            "hard": {"type": "NegativeGenerator", "of": "ab", "taps": TAPS, "dim": 4, "noise": 3, "init_gain": 1.0},
        },
        "averages": {"f_slow": {"of": "heads.f", "momentum": 0.9}},
        "phases": {
            "harden": {"update": ["heads.hard"], "terms": terms or {"against": AGAINST}},
            "generate": {"update": ["generators", "heads.f"], "terms": {"content": CONTENT}},
        },
    }


def build(settings: Mapping[str, Any]) -> UnpairedTranslation:
    torch.manual_seed(0)
    builder = Builder()
    model = build_model(settings, builder)
    assert model is not None, builder.errors
    return model


class Trainer:
    """Plain gradient descent that remembers the gradients and losses of each phase."""

    def __init__(self, model: UnpairedTranslation, rates: Mapping[str, float]) -> None:
        self.model, self.rates = model, rates
        self.reached: dict[str, set[str]] = {}

    def update(self, phase: str, loss: Tensor) -> None:
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        given = [name for name, p in self.model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
        self.reached[phase] = {".".join(name.split(".")[:2]) for name in given}
        with torch.no_grad():
            for network in self.model.phases[phase].update:
                for parameter in self.model.networks[network].parameters():
                    if parameter.grad is not None:
                        parameter -= self.rates[phase] * parameter.grad

    def step(self, number: int = 1) -> dict[str, Tensor]:
        images = torch.rand(2, 1, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
        batch = {"a": images[0], "b": images[1]}
        return self.model.train_step([batch], self.update, Progress(1, number, 1, 100), [RandomStreams(0, number)])


def state(network: torch.nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def test_each_phase_reaches_its_own_networks_and_no_others():
    trainer = Trainer(build(config(against=AGAINST, variety=VARIETY)), {"harden": 0.1, "generate": 0.1})
    trainer.step()
    assert trainer.reached == {"harden": {"heads.hard"}, "generate": {"generators.ab", "heads.f"}}


def test_the_phase_of_the_maker_ascends_what_the_translation_descends():
    trainer = Trainer(build(config()), {"harden": 0.5, "generate": 0.0})
    values = [trainer.step()["against"].item() for _ in range(15)]
    assert values[-1] > values[0] + 0.01


def test_the_phase_of_the_translation_descends():
    trainer = Trainer(build(config()), {"harden": 0.0, "generate": 0.01})
    values = [trainer.step()["content"].item() for _ in range(15)]
    assert values[-1] < values[0] - 0.01


def test_variety_grows_where_it_is_all_that_counts():
    trainer = Trainer(build(config(variety=VARIETY)), {"harden": 0.5, "generate": 0.0})
    values = [trainer.step()["variety"].item() for _ in range(15)]
    assert values[-1] < values[0] - 0.01


def test_the_slow_head_keeps_nine_tenths_of_itself():
    model = build(config())
    before, slow_before = state(model.heads["f"]), state(model.heads["f_slow"])
    Trainer(model, {"harden": 0.1, "generate": 0.1}).step()
    assert any(not torch.equal(x, y) for x, y in zip(before, state(model.heads["f"]), strict=True))
    moved = zip(state(model.heads["f_slow"]), slow_before, state(model.heads["f"]), strict=True)
    for slow, old, fast in moved:
        torch.testing.assert_close(slow, 0.9 * old + 0.1 * fast)


def test_a_source_without_its_network_is_an_error_of_the_config():
    settings = config()
    del settings["heads"]["hard"]
    settings["phases"]["harden"]["update"] = ["heads.f"]
    builder = Builder()
    assert build_model(settings, builder) is None
    assert "there is no head 'hard'" in " ".join(error.message for error in builder.errors)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["horse2zebra", "stripes"])
def test_the_shipped_configs_build(name):
    import i2ikit_negcut

    from i2ikit.config import load_config

    folder = Path(i2ikit_negcut.__file__).parent / "configs" / "negcut"
    model = load_config(folder / f"{name}.py")["model"]
    builder = Builder()
    with torch.device("meta"):
        assert build_model(model, builder) is not None, builder.errors
    assert list(model["phases"]) == ["discriminate", "harden", "generate"]
    assert model["averages"]["f_slow"] == {"of": "heads.f", "momentum": 0.9, "init": "own"}
