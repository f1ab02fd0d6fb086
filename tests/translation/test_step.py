"""What a step promises: every pass once, the right networks reached, nothing stale, nothing freed too early."""

import pytest
import torch
from torch import Tensor, nn

from i2ikit.interfaces import HeadUse, Negatives, Read
from i2ikit.losses.cosine import CosineLoss
from i2ikit.losses.gradient_penalties import R1Penalty, WGANPenalty
from i2ikit.losses.lsgan import LSGANLoss
from i2ikit.losses.patch_nce import PatchNCELoss
from i2ikit.losses.pixel import L1Loss
from i2ikit.losses.wgan import WGANLoss
from i2ikit.samplers.grid import GridSampler
from i2ikit.samplers.random import RandomSampler
from i2ikit.schedules import Constant, Until
from i2ikit.terms.adversarial import AdversarialTerm, DiscriminatorTerm
from i2ikit.terms.base import Term
from i2ikit.terms.gradient_penalty import GradientPenaltyTerm
from i2ikit.terms.patch import PatchTerm
from i2ikit.terms.pixel import PixelTerm
from i2ikit.translation import Draws, Progress, WeightedTerm
from i2ikit.views.history import History
from i2ikit.views.mirror import Mirror
from i2ikit.views.mix import Mix

AB, BA, DA, DB, F = "generators.ab", "generators.ba", "discriminators.a", "discriminators.b", "heads.f"
GAN = LSGANLoss()


def adversarial(image: str = "ab(a)", discriminator: str = "b") -> AdversarialTerm:
    return AdversarialTerm(discriminator, image, GAN)


def discriminating(fake: str = "ab(a)", real: str = "b") -> DiscriminatorTerm:
    return DiscriminatorTerm(real, real, fake, GAN)


def pixel(image: str, target: str) -> PixelTerm:
    return PixelTerm(image, target, L1Loss())


def patch(query: str, key: str, *, taps: tuple = ("enc", "dec"), **options: object) -> PatchTerm:
    options = {"loss": PatchNCELoss(), "sampler": GridSampler(), **options}
    return PatchTerm(("ab", query), ("ab", key), taps, "f", **options)


def cut_phases() -> dict:
    return {
        "discriminate": ([DB], {"d": discriminating()}),
        "generate": ([AB, F], {"gan": adversarial(), "content": patch("ab(a)", "a"), "identity": patch("ab(b)", "b")}),
    }


def cyclegan_phases() -> dict:
    generate = {
        "gan_ab": adversarial(),
        "gan_ba": adversarial("ba(b)", "a"),
        "cycle_a": pixel("ba(ab(a))", "a"),
        "cycle_b": pixel("ab(ba(b))", "b"),
        "identity_a": pixel("ba(a)", "a"),
        "identity_b": pixel("ab(b)", "b"),
    }
    discriminate = {"d_b": discriminating("history(ab(a))"), "d_a": discriminating("history(ba(b))", "a")}
    return {"generate": ([AB, BA], generate), "discriminate": ([DA, DB], discriminate)}


def clear(model) -> None:
    for network in model.networks.values():
        if hasattr(network, "calls"):
            network.calls.clear()


# every pass once


def test_cut_translates_both_images_at_once_and_encodes_both_outputs_at_once(model, trainer, batch):
    cut = model(cut_phases())
    trainer(cut).step(batch)
    translated, encoded = cut.generators["ab"].calls
    assert (translated.images, set(translated.taps), translated.graph) == (2, {"out", "enc", "dec"}, True)
    assert (encoded.images, set(encoded.taps), encoded.graph) == (2, {"enc", "dec"}, True)


def test_a_term_on_two_stages_of_one_pass_needs_no_second_one(model, trainer, batch):
    enco = patch("a", "a", taps=(("enc", "norm"),), loss=CosineLoss())
    phases = {
        "discriminate": ([DB], {"d": discriminating()}),
        "generate": ([AB, F], {"gan": adversarial(), "content": enco, "identity": pixel("ab(b)", "b")}),
    }
    built = model(phases)
    trainer(built).step(batch)
    assert [(call.images, call.graph) for call in built.generators["ab"].calls] == [(2, True)]


def test_cyclegan_needs_four_generator_calls(model, trainer, batch):
    cyclegan = model(cyclegan_phases(), views={"history": History()})
    trainer(cyclegan).step(batch)
    assert [call.images for call in cyclegan.generators["ab"].calls] == [2, 1]
    assert [call.images for call in cyclegan.generators["ba"].calls] == [2, 1]


def test_a_discriminator_judges_fake_and_real_in_one_call_and_the_fake_again_after_its_update(model, trainer, batch):
    cut = model(cut_phases())
    trainer(cut).step(batch)
    assert [call.images for call in cut.discriminators["b"].calls] == [2, 1]


def test_images_of_two_sizes_are_not_batched(model, trainer, batch):
    built = model({"generate": ([AB], {"x": pixel("ab(a)", "a"), "y": pixel("ab(b)", "b")})})
    trainer(built).step({"a": batch["a"], "b": batch["b"][..., :6]})
    assert [call.images for call in built.generators["ab"].calls] == [1, 1]


def test_a_batch_norm_sees_each_batch_alone(model, networks, trainer, batch):
    toy = networks("generator")
    built = model(
        cyclegan_phases(), generators={"ab": toy(nn.BatchNorm2d(4)), "ba": toy()}, views={"history": History()}
    )
    trainer(built).step(batch)
    assert [call.images for call in built.generators["ab"].calls] == [1, 1, 1]
    assert [call.images for call in built.generators["ba"].calls] == [2, 1]


def test_sharing_calls_changes_no_loss_and_no_gradient(model, trainer, batch):
    results = []
    for shared in (True, False):
        built = model(cyclegan_phases(), views={"history": History()})
        built.shareable = dict.fromkeys(built.shareable, shared)
        results.append(trainer(built))
        results[-1].step(batch)
    assert len(results[1].model.generators["ab"].calls) == 3
    for phase in ("generate", "discriminate"):
        torch.testing.assert_close(results[0].losses[phase], results[1].losses[phase], rtol=1e-12, atol=0)
        for name, gradient in results[0].gradients[phase].items():
            torch.testing.assert_close(gradient, results[1].gradients[phase][name], rtol=1e-9, atol=1e-13)


def test_a_pass_that_nobody_trains_through_makes_no_graph(model, trainer, batch):
    built = model({"generate": ([AB, F], {"content": patch("mirror(a)", "a")})}, views={"mirror": Mirror(1.0)})
    trainer(built).step(batch)
    assert sorted((call.images, call.graph) for call in built.generators["ab"].calls) == [(1, False), (1, True)]


def test_a_term_of_weight_zero_is_not_run_and_its_passes_neither(model, trainer, batch):
    identity = WeightedTerm(pixel("ab(b)", "b"), Until(1, 5.0))
    built = model({"generate": ([AB], {"cycle": pixel("ab(a)", "b"), "identity": identity})})
    assert set(trainer(built).step(batch, epoch=1)) == {"cycle", "identity"}
    assert [call.images for call in built.generators["ab"].calls] == [2]
    clear(built)
    assert set(trainer(built).step(batch, epoch=2)) == {"cycle"}
    assert [call.images for call in built.generators["ab"].calls] == [1]


# the right numbers


def test_a_step_of_cut_equals_one_written_out_by_hand(model, trainer, batch):
    ours, plain = model(cut_phases()), model(cut_phases())
    run = trainer(ours)
    values = run.step(batch)

    g, d, f = plain.generators["ab"], plain.discriminators["b"], plain.heads["f"]
    a, b = batch["a"], batch["b"]
    fake, same = g(a), g(b)
    d_loss = 0.5 * (d(fake.detach()).square().mean() + (d(b) - 1).square().mean())
    d_gradients = dict(
        zip([n for n, _ in d.named_parameters()], torch.autograd.grad(d_loss, [*d.parameters()]), strict=True)
    )
    with torch.no_grad():
        for name, parameter in d.named_parameters():
            parameter -= run.rate * d_gradients[name]

    def content(output: Tensor, source: Tensor) -> Tensor:
        query, key, total = g.trace(output, ("enc", "dec")), g.trace(source, ("enc", "dec")), 0.0
        for tap in ("enc", "dec"):
            q, k = (f(x[tap].flatten(2).transpose(1, 2)) for x in (query, key))
            similarity = q[0] @ k[0].detach().T / 0.07
            total = total - similarity.log_softmax(-1).diagonal().mean()
        return total / 2

    expected = {"gan": (d(fake) - 1).square().mean(), "content": content(fake, a), "identity": content(same, b)}
    g_loss = sum(expected.values())
    assert values["d"].item() == pytest.approx(d_loss.item(), rel=1e-12)
    for name, value in expected.items():
        assert values[name].item() == pytest.approx(value.item(), rel=1e-12)
    trained = {**{f"{AB}.{n}": p for n, p in g.named_parameters()}, **{f"{F}.{n}": p for n, p in f.named_parameters()}}
    gradients = torch.autograd.grad(g_loss, [*trained.values()])
    for name, gradient in zip(trained, gradients, strict=True):
        torch.testing.assert_close(run.gradients["generate"][name], gradient, rtol=1e-9, atol=1e-12)
    for name, gradient in d_gradients.items():
        torch.testing.assert_close(run.gradients["discriminate"][f"{DB}.{name}"], gradient, rtol=1e-9, atol=1e-12)


def test_the_generator_is_judged_by_the_updated_discriminator(model, trainer, batch):
    built = model(cut_phases())
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
    values = trainer(built).step(batch)
    after = GAN.generator(built.discriminators["b"](fake))
    torch.testing.assert_close(values["gan"], after.detach())


def test_who_only_looks_at_answers_sees_those_of_the_updated_discriminator_too(model, trainer, batch):
    seen = []

    class Look(Term):
        def reads(self) -> list[Read]:
            return [Read("ab(a)"), Read.logits_of("b", "ab(a)", grad=False)]

        def forward(self, step) -> Tensor:
            seen.extend(step.logits("b", "ab(a)", grad=False))
            return step.image("ab(a)").mean()

    built = model({"discriminate": ([DB], {"d": discriminating()}), "generate": ([AB], {"look": Look()})})
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
    trainer(built).step(batch)
    torch.testing.assert_close(seen[0], built.discriminators["b"](fake).detach())


def test_a_later_phase_sees_the_images_of_before_the_update(model, trainer, batch):
    built = model(cyclegan_phases(), views={"history": History()})
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
        judge = built.discriminators["b"]
        expected = 0.5 * (judge(fake).square().mean() + (judge(batch["b"]) - 1).square().mean())
    values = trainer(built).step(batch)
    torch.testing.assert_close(values["d_b"], expected)
    with torch.no_grad():
        assert not torch.allclose(built.generators["ab"](batch["a"]), fake)
    torch.testing.assert_close(built.views["history"].stores["ab(a)"].images[0], fake[0])


def test_answers_of_several_scales_are_averaged(model, networks, trainer, batch):
    judge = networks("discriminator")(scales=2)
    built = model(cut_phases(), discriminators={"b": judge})
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
        scales = [0.5 * (GAN.fake(x) + GAN.real(y)) for x, y in zip(judge(fake), judge(batch["b"]), strict=True)]
    values = trainer(built, rate=0.0).step(batch)
    torch.testing.assert_close(values["d"], torch.stack(scales).mean())


def test_logits_of_half_precision_are_handed_out_in_float32(model, networks):
    class Half(networks("discriminator")):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).bfloat16()

    seen = []

    class Look(Term):
        def reads(self) -> list[Read]:
            return [Read.logits_of("b", "b")]

        def forward(self, step) -> Tensor:
            seen.extend(step.logits("b", "b"))
            return seen[0].mean()

    built = model({"x": ([DB], {"look": Look()})}, discriminators={"b": Half()}).float()
    built.train_step({"b": torch.zeros(1, 3, 8, 8)}, lambda phase, loss: None, Progress(1, 1, 1, 1), Draws(0, 1))
    assert seen[0].dtype == torch.float32


# gradient goes where it should


def test_only_what_a_phase_updates_gets_a_gradient(model, trainer, batch):
    run = trainer(model(cut_phases()))
    run.step(batch)
    assert run.reached == {"discriminate": {DB}, "generate": {AB, F}}
    run = trainer(model(cyclegan_phases(), views={"history": History()}))
    run.step(batch)
    assert run.reached == {"generate": {AB, BA}, "discriminate": {DA, DB}}


def test_a_network_in_the_middle_passes_gradient_on_without_getting_any(model, trainer, batch):
    run = trainer(model({"only_ab": ([AB], {"cycle": pixel("ba(ab(a))", "a")})}))
    run.step(batch)
    assert run.reached == {"only_ab": {AB}}
    assert {name.rsplit(".", 1)[0] for name in run.gradients["only_ab"] if name.startswith(BA)} == set()


def test_a_head_that_the_phase_does_not_update_gets_none(model, trainer, batch):
    run = trainer(model({"generate": ([AB], {"content": patch("ab(a)", "a")})}))
    run.step(batch)
    assert run.reached == {"generate": {AB}}
    assert all(parameter.requires_grad for parameter in run.model.parameters())


@pytest.mark.parametrize(
    ("detach", "key_trains_generator", "key_trains_head"),
    [
        (("features", "embedding"), False, False),
        (("features",), False, True),
        ((), True, True),
    ],
)
def test_the_keys_gradient_stops_where_the_term_says(
    model, trainer, batch, detach, key_trains_generator, key_trains_head
):
    class KeyAlone(nn.Module):
        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            return key[..., 0].mean() + 0 * query.mean()

    run = trainer(model({"generate": ([AB, F], {"x": patch("b", "a", loss=KeyAlone(), detach=detach)})}))
    run.step(batch)
    assert (AB in run.reached["generate"]) is key_trains_generator
    assert (F in run.reached["generate"]) is key_trains_head


def test_the_target_of_a_pixel_term_gets_no_gradient(model, trainer, batch):
    built = model({"generate": ([AB, BA], {"x": pixel("ab(a)", "ba(b)")})})
    run = trainer(built)
    run.step(batch)
    assert run.reached == {"generate": {AB}}
    assert [call.graph for call in built.generators["ba"].calls] == [False]


def test_nothing_stays_frozen_after_a_step(model, trainer, batch):
    built = model(cut_phases())
    trainer(built).step(batch)
    assert all(parameter.requires_grad for parameter in built.parameters())


def test_networks_that_do_not_train_stay_as_they_are(model, trainer, batch):
    built = model(cut_phases())
    built.heads["f"].requires_grad_(False)
    run = trainer(built)
    run.step(batch)
    assert run.reached["generate"] == {AB}
    assert not any(parameter.requires_grad for parameter in built.heads["f"].parameters())


# phases


def test_phases_are_updated_in_the_order_of_the_config_step_after_step(model, trainer, batch):
    run = trainer(model(cut_phases()))
    for number in (1, 2, 3):
        run.step(batch, number)
    assert run.order == ["discriminate", "generate"] * 3


def test_a_phase_without_active_terms_is_not_updated(model, trainer, batch):
    resting = WeightedTerm(discriminating(), Constant(0.0))
    run = trainer(model({"discriminate": ([DB], {"d": resting}), "generate": ([AB], {"x": pixel("ab(b)", "b")})}))
    assert set(run.step(batch)) == {"x"}
    assert run.order == ["generate"]


def test_two_generator_phases_can_share_images_without_freeing_each_others_graphs(model, trainer, batch):
    cycle = {"first": pixel("ba(ab(a))", "a"), "first_ab": pixel("ab(a)", "b")}
    phases = {
        "judge": ([DB], {"d": discriminating("ba(ab(a))")}),
        "one": ([AB], cycle),
        "two": ([BA], {"second": pixel("ba(ab(a))", "a"), "second_b": pixel("ba(b)", "a")}),
        "three": ([AB, BA], {"third": pixel("ba(ab(a))", "a"), "gan": adversarial("ba(ab(a))")}),
    }
    run = trainer(model(phases))
    for number in (1, 2):
        run.step(batch, number)
    assert run.reached == {"judge": {DB}, "one": {AB}, "two": {BA}, "three": {AB, BA}}


# views


def test_a_view_that_is_not_drawn_is_the_image_itself(model, trainer, batch):
    def phases(image: str) -> dict:
        return {
            "discriminate": ([DB], {"d": discriminating(f"ab({image})")}),
            "generate": ([AB, F], {"gan": adversarial(f"ab({image})"), "content": patch(f"ab({image})", "a")}),
        }

    undrawn, plain = model(phases("mirror(a)"), views={"mirror": Mirror(0.0)}), model(phases("a"))
    assert trainer(undrawn).step(batch) == trainer(plain).step(batch)
    assert undrawn.generators["ab"].calls == plain.generators["ab"].calls


def test_features_of_a_mirrored_image_are_mirrored_back(model, trainer, batch):
    seen = {}

    class Look(nn.Module):
        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            seen.update(query=query.detach(), key=key.detach())
            return query.mean()

    term = patch("mirror(a)", "a", taps=("dec",), loss=Look())
    built = model({"generate": ([AB, F], {"x": term})}, views={"mirror": Mirror(1.0)})
    with torch.no_grad():
        for module in built.generators["ab"].modules():
            if isinstance(module, nn.Conv2d):  # symmetric kernels: the features of a mirrored image are mirrored
                module.weight += module.weight.flip(-1)
    trainer(built).step(batch)
    torch.testing.assert_close(seen["query"], seen["key"], rtol=0, atol=1e-12)
    straight = seen["key"].unflatten(1, (8, 8))
    assert not torch.allclose(straight, straight.flip(2))


def test_a_view_on_both_sides_is_left_where_it_is(model, trainer, batch):
    seen = {}

    class Look(nn.Module):
        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            seen.update(query=query.detach(), key=key.detach())
            return query.mean()

    term = patch("mirror(a)", "mirror(a)", taps=("dec",), loss=Look())
    built = model({"generate": ([AB, F], {"x": term})}, views={"mirror": Mirror(1.0)})
    with torch.no_grad():
        features = built.generators["ab"].trace(batch["a"].flip(-1), ("dec",))["dec"]
        expected = built.heads["f"](features.flatten(2).transpose(1, 2))
    trainer(built).step(batch)
    torch.testing.assert_close(seen["query"], expected)
    torch.testing.assert_close(seen["key"], expected)


def test_the_history_is_asked_once_a_step_for_each_image(model, trainer, batch):
    phases = cyclegan_phases()
    phases["discriminate"][1]["again"] = discriminating("history(ab(a))")
    phases["once more"] = ([DB], {"other": discriminating("history(ab(a))")})
    built = model(phases, views={"history": History(10)})
    run = trainer(built)
    for number in range(1, 5):
        run.step(batch, number)
    assert {name: len(store.images) for name, store in built.views["history"].stores.items()} == {
        "ab(a)": 4,
        "ba(b)": 4,
    }


def test_a_view_of_a_generated_image_can_be_trained_through_by_two_phases(model, trainer, batch):
    phases = {name: ([AB], {name: pixel("mirror(ab(a))", "b")}) for name in ("one", "two")}
    run = trainer(model(phases, views={"mirror": Mirror(1.0)}))
    values = run.step(batch)
    assert run.reached == {"one": {AB}, "two": {AB}}
    assert values["two"] < values["one"]  # the second phase sees what the first one made better


# gradient penalties


def test_r1_shares_the_pass_of_the_real_image_and_trains_the_discriminator_alone(model, trainer, batch):
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
    draw = built.views["mix"].draw(Draws(0, 1).generator("view/mix"))
    point = built.views["mix"](batch["b"], fake, draw=draw, expression="b, ab(a)").requires_grad_(True)
    (gradient,) = torch.autograd.grad(built.discriminators["b"](point).sum(), point)
    clear(built)
    run = trainer(built)
    assert run.step(batch)["gp"].item() == pytest.approx((gradient.norm().item() - 1) ** 2)
    assert run.reached == {"discriminate": {DB}, "generate": {AB}}
    assert [call.images for call in built.generators["ab"].calls] == [1]


def test_a_penalty_on_an_image_that_an_earlier_phase_trains_through(model, trainer, batch):
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


def test_a_penalty_and_a_generator_cannot_share_an_image_in_one_phase(model, trainer, batch):
    terms = {"gan": adversarial(), "r2": GradientPenaltyTerm("b", "ab(a)", R1Penalty())}
    with pytest.raises(RuntimeError, match=r"term 'gan' gets no gradient to generators.ab .* a gradient penalty in it"):
        trainer(model({"both": ([AB, DB], terms)})).step(batch)


# draws


def test_each_term_draws_places_of_its_own_and_other_terms_do_not_shift_them(model, trainer, batch):
    def content(image: str) -> PatchTerm:
        return patch(f"ab({image})", image, sampler=RandomSampler(5))

    alone = trainer(model({"g": ([AB, F], {"content": content("a")})})).step(batch)
    beside = trainer(model({"g": ([AB, F], {"other": content("a"), "content": content("a")})})).step(batch)
    assert beside["content"] == alone["content"]
    assert beside["other"] != beside["content"]


def test_terms_of_one_stream_take_the_same_places_and_a_term_of_another_none_of_them(model, trainer, batch):
    def content(stream: str) -> WeightedTerm:
        return WeightedTerm(patch("ab(a)", "a", sampler=RandomSampler(5)), Constant(1.0), stream)

    terms = {"content": content(""), "same": content("content"), "other": content("else"), "own": content("")}
    values = trainer(model({"g": ([AB, F], terms)})).step(batch)
    assert values["same"] == values["content"]
    assert len({values[name].item() for name in ("content", "other", "own")}) == 3


def test_a_term_draws_noise_from_its_stream(model, trainer, batch):
    def noise(stream: str) -> WeightedTerm:
        term = Silent([Read("ab(a)")], lambda s: s.image("ab(a)").mean() * 0 + s.noise("z", 2, 3).sum())
        return WeightedTerm(term, Constant(1.0), stream)

    values = trainer(model({"g": ([AB], {"x": noise(""), "y": noise("x"), "z": noise("")})})).step(batch)
    assert values["x"] == values["y"] == Draws(0, 1).noise("x/z", 2, 3).sum().double()
    assert values["z"] != values["x"]


class Sourced:
    """Negatives made by a head from the features of an image, whatever the query."""

    def reads(self) -> list[Read]:
        return [Read.taps_of("ab", "b", ["enc"])]

    def heads(self) -> list[HeadUse]:
        return [HeadUse("maker", "ab", ("enc",))]

    def __call__(self, step, query: Tensor, key: Tensor, layer: int) -> Negatives:
        feature = step.taps("ab", "b", ["enc"])["enc"]
        return Negatives(keys=step.head("maker")(feature.flatten(2)[..., :6].mT, layer))


def test_a_source_of_negatives_may_read_images_and_have_a_network_that_a_phase_of_negative_weight_trains(
    model, networks, trainer, batch
):
    def content(weight: float) -> WeightedTerm:
        return WeightedTerm(patch("ab(a)", "a", taps=("enc",), negatives=Sourced()), Constant(weight))

    phases = {"against": (["heads.maker"], {"n": content(-1.0)}), "g": ([AB, F], {"content": content(1.0)})}
    built = model(phases, heads={"f": networks("head")(), "maker": networks("head")()})
    run = trainer(built)
    value = run.step(batch)["n"]
    assert run.reached == {"against": {"heads.maker"}, "g": {AB, F}}
    assert run.losses["against"] == -value


def test_a_step_with_the_same_draws_gives_the_same_numbers(model, trainer, batch):
    phases = {"g": ([AB, F], {"content": patch("ab(a)", "a", sampler=RandomSampler(5))})}
    first, second = trainer(model(phases), rate=0.0), trainer(model(phases), rate=0.0)
    assert first.step(batch, 7) == second.step(batch, 7)
    assert first.step(batch, 7) != first.step(batch, 8)


# what a term must announce


class Silent(Term):
    """Announces one read and makes another."""

    def __init__(self, announced: list[Read], ask) -> None:
        super().__init__()
        self.announced, self.ask = announced, ask

    def reads(self) -> list[Read]:
        return self.announced

    def forward(self, step) -> Tensor:
        return self.ask(step)


@pytest.mark.parametrize(
    ("announced", "ask", "message"),
    [
        ([], lambda s: s.image("ab(a)").mean(), r"term 'x' asks for generators.ab\(a\), which reads\(\)"),
        (
            [Read("ab(a)", grad=False)],
            lambda s: s.image("ab(a)").mean(),
            r"no gradient to generators.ab through generators.ab\(a\): reads\(\)",
        ),
        ([Read("ab(a)")], lambda s: s.taps("ab", "a", ["enc"])["enc"].mean(), r"taps enc of ab\(a\)"),
        ([Read("ab(a)")], lambda s: s.image("mirror(a)").mean(), r"term 'x' asks for mirror\(a\)"),
        ([Read.logits_of("b", "b")], lambda s: s.leaf("b", "b")[0].mean(), "b as a leaf of discriminator b"),
    ],
)
def test_a_term_that_reads_what_it_did_not_announce_is_told_so(model, trainer, batch, announced, ask, message):
    built = model({"g": ([AB], {"x": Silent(announced, ask)})}, views={"mirror": Mirror(1.0)})
    with pytest.raises(RuntimeError, match=message):
        trainer(built).step(batch)
