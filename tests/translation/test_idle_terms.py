"""Terms whose gradient reaches no network that their phase updates."""

from typing import Any

import pytest
from torch import Tensor

from i2ikit.interfaces import Read, StepReader
from i2ikit.registry import TERMS
from i2ikit.terms.base import Term
from tests.translation.small_config import GAN, TERM, Config, build, change, errors, small_config


@pytest.fixture
def config() -> Config:
    return small_config()


def pixel(image: str, target: str) -> Config:
    return {"type": "PixelTerm", "image": image, "target": target, "loss": {"type": "L1Loss"}}


def penalty(weight: Any = 1.0) -> Config:
    return {
        "type": "GradientPenaltyTerm",
        "discriminator": "b",
        "image": "ab(a)",
        "loss": {"type": "R1Penalty"},
        "weight": weight,
    }


FEATURES = {**pixel("b", "ab(a)"), "type": "FeatureTerm", "network": "discriminators.b", "taps": ["out"]}


@pytest.mark.parametrize(
    ("path", "value", "through"),
    [
        (TERM, pixel("a", "ab(a)"), "a; it reads ab(a) without gradient"),
        (TERM, pixel("b", "a"), "b"),
        (TERM, FEATURES, "discriminators.b(b); it reads discriminators.b(ab(a)) without gradient"),
        (TERM, penalty(), "discriminators.b(ab(a))"),
        (TERM, penalty({"type": "Until", "epoch": 3, "value": 2.0}), "discriminators.b(ab(a))"),
        (f"{GAN}/image", "b", "discriminators.b(b)"),
        (f"{GAN}/image", "pool(ab(a))", "discriminators.b(pool(ab(a)))"),
    ],
)
def test_a_term_without_gradient_to_what_its_phase_updates_is_refused(config, path, value, through):
    config["views"]["pool"] = {"type": "ImagePool"}
    term = path.split("/")[3]
    assert errors(change(config, path, value)) == [
        f"model.phases.generate.terms.{term}: trains nothing: no network that phase 'generate' updates "
        f"(generators.ab, heads.f) gets a gradient through {through}. "
        "Name an image that these networks make, or put the term into another phase"
    ]


def test_a_term_that_is_off_or_records_or_is_of_a_network_that_rests_may_train_nothing(config):
    @TERMS.register_module()
    class Recorded(Term):
        """The mean of a translation, to be logged."""

        def reads(self) -> list[Read]:
            return [Read("ab(a)", grad=False)]

        def forward(self, step: StepReader) -> Tensor:
            return step.image("ab(a)", grad=False).mean()

    try:
        build(change(config, TERM, {"type": "Recorded"}))
        build(change(config, TERM, penalty(0)))
        build(change(config, "phases/generate/update", ["heads.f"]))  # ab stays as it is
    finally:
        del TERMS.module_dict["Recorded"]
