"""Gradient penalties inside a step: they share passes and train the discriminator alone."""

import pytest
import torch
from torch import Tensor

from i2ikit.interfaces import Read
from i2ikit.losses.adversarial import WGANLoss
from i2ikit.losses.gradient_penalties import R1Penalty, WGANPenalty
from i2ikit.terms.adversarial import AdversarialTerm, DiscriminatorTerm
from i2ikit.terms.base import Term
from i2ikit.terms.gradient_penalty import GradientPenaltyTerm
from i2ikit.translation import Progress, RandomStreams
from i2ikit.views.mix import Mix

AB, DB = "generators.ab", "discriminators.b"


def clear(model) -> None:
    for network in model.networks.values():
        if hasattr(network, "calls"):
            network.calls.clear()


def test_r1_shares_the_pass_of_the_real_image_and_trains_the_discriminator_alone(model, trainer, batch, discriminating):
    phases = {"discriminate": ([DB], {"d": discriminating(), "r1": GradientPenaltyTerm("b", "b", R1Penalty())})}
    built = model(phases)
    judge = built.discriminators["b"]
    image = batch["b"].clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(judge(image).sum(), image, create_graph=True)
    expected = 0.5 * gradient.square().sum()
    (of_penalty,) = torch.autograd.grad(expected, judge.convs[0].weight)
    only_penalty = model({"discriminate": ([DB], {"r1": GradientPenaltyTerm("b", "b", R1Penalty())})})
    clear(built)

    run, alone = trainer(built), trainer(only_penalty)
    torch.testing.assert_close(run.step(batch)["r1"], expected.detach())
    alone.step(batch)
    torch.testing.assert_close(alone.gradients["discriminate"][f"{DB}.convs.0.weight"], of_penalty)
    assert len(built.discriminators["b"].calls) == 2  # the fake, and the real one that both terms read
    assert run.reached == {"discriminate": {DB}}
    assert [call.graph for call in built.generators["ab"].calls] == [False]


def test_the_wgan_penalty_is_taken_between_real_and_generated_images(model, trainer, batch):
    penalty = GradientPenaltyTerm("b", "mix(b, ab(a))", WGANPenalty())
    critic = DiscriminatorTerm("b", "b", "ab(a)", WGANLoss())
    phases = {
        "discriminate": ([DB], {"d": critic, "gp": penalty}),
        "generate": ([AB], {"gan": AdversarialTerm("b", "ab(a)", WGANLoss())}),
    }
    built = model(phases, views={"mix": Mix()})
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
    draw = built.views["mix"].sample(RandomStreams(0, 1).generator("view/mix"), Progress(1, 1, 1, 1))
    point = built.views["mix"](batch["b"], fake, sample=draw, expression="b, ab(a)").requires_grad_(True)
    (gradient,) = torch.autograd.grad(built.discriminators["b"](point).sum(), point)
    clear(built)
    run = trainer(built)
    assert run.step(batch)["gp"].item() == pytest.approx((gradient.norm().item() - 1) ** 2)
    assert run.reached == {"discriminate": {DB}, "generate": {AB}}
    assert [call.images for call in built.generators["ab"].calls] == [1]


def test_a_penalty_on_an_image_that_an_earlier_phase_trains_through(model, trainer, batch, adversarial, discriminating):
    penalty = GradientPenaltyTerm("b", "ab(a)", R1Penalty())
    phases = {
        "generate": ([AB], {"gan": adversarial()}),
        "discriminate": ([DB], {"d": discriminating(), "r2": penalty}),
    }
    run = trainer(model(phases))
    run.step(batch)
    assert run.reached == {"generate": {AB}, "discriminate": {DB}}


def test_a_penalty_on_an_image_that_an_earlier_phase_looked_at(model, trainer, batch):
    class Look(Term):
        def reads(self) -> list[Read]:
            return [Read("ab(a)"), Read.logits_of("b", "b", grad=False)]

        def forward(self, step) -> Tensor:
            (logits,) = step.logits("b", "b", grad=False)
            assert not logits.requires_grad
            return step.image("ab(a)").mean() * logits.mean()

    penalty = GradientPenaltyTerm("b", "b", R1Penalty())
    built = model({"generate": ([AB], {"look": Look()}), "discriminate": ([DB], {"r1": penalty})})
    run = trainer(built)
    run.step(batch)
    assert run.reached == {"generate": {AB}, "discriminate": {DB}}
    assert len(built.discriminators["b"].calls) == 1


def test_a_penalty_and_a_generator_cannot_share_an_image_in_one_phase(model, trainer, batch, adversarial):
    terms = {"gan": adversarial(), "r2": GradientPenaltyTerm("b", "ab(a)", R1Penalty())}
    with pytest.raises(RuntimeError, match=r"term 'gan' gets no gradient to generators.ab .* a gradient penalty diff"):
        trainer(model({"both": ([AB, DB], terms)})).step(batch)
