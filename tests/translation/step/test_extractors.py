"""Frozen feature extractors: gradient flows through them, and nothing changes them."""

import torch
from torch import nn

from i2ikit.losses.pixel import L1Loss
from i2ikit.terms.feature import FeatureTerm
from i2ikit.terms.patch import PatchTerm
from i2ikit.translation import UnpairedTranslation


def with_extractor(made: UnpairedTranslation, extractor: nn.Module) -> UnpairedTranslation:
    return UnpairedTranslation(
        *(made.generators, made.discriminators, made.heads, {}, made.phases), extractors={"toy": extractor}
    ).double()


def test_its_gradient_reaches_the_generator_and_its_weights_and_statistics_stay(model, trainer, batch, networks):
    term = FeatureTerm("extractors.toy", "ab(a)", "a", ["norm", "dec"], L1Loss())
    toy = networks("generator")(nn.BatchNorm2d(4))
    made = with_extractor(model({"generate": (["generators.ab"], {"feature": term})}), toy).train()
    before = {name: value.clone() for name, value in toy.state_dict().items()}
    run = trainer(made)
    value = run.step(batch)["feature"]
    fake = made.generators["ab"]
    assert run.reached == {"generate": {"generators.ab"}}
    assert not toy.training
    assert fake.training
    assert all(torch.equal(value, before[name]) for name, value in toy.state_dict().items())
    assert run.step(batch, 2)["feature"] < value


def test_its_passes_of_a_step_are_made_once_and_stop_at_the_last_tap(model, trainer, batch, networks):
    terms = {f"f_{tap}": FeatureTerm("extractors.toy", "ab(a)", "b", [tap], L1Loss()) for tap in ("enc", "norm")}
    made = with_extractor(model({"generate": (["generators.ab"], terms)}), networks("generator")())
    trainer(made).step(batch)
    calls = made.extractors["toy"].calls
    assert [(call.images, call.taps, call.graph) for call in calls] == [
        (1, ("enc", "norm"), True),
        (1, ("enc", "norm"), False),
    ]


def test_patches_can_be_compared_in_its_features(model, trainer, batch, patch):
    term = patch("ab(a)", "a", taps=("enc",))
    term = PatchTerm(("extractors.toy", "ab(a)"), ("extractors.toy", "a"), ["enc"], "f", term.loss, term.sampler)
    made = model({"generate": (["generators.ab", "heads.f"], {"content": term})})
    run = trainer(with_extractor(made, type(made.generators["ab"])()))
    run.step(batch)
    assert run.reached == {"generate": {"generators.ab", "heads.f"}}
