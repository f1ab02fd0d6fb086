"""A step: right values, no stale outputs, and clear errors for reads that are not listed."""

import pytest
import torch
from torch import Tensor

from i2ikit.errors import DataError
from i2ikit.interfaces import Read
from i2ikit.losses.adversarial import LSGANLoss
from i2ikit.schedules import Constant
from i2ikit.terms.base import Term
from i2ikit.translation import Progress, RandomStreams, WeightedTerm
from i2ikit.views.image_pool import ImagePool
from i2ikit.views.mirror import Mirror

AB, BA, DB, F = "generators.ab", "generators.ba", "discriminators.b", "heads.f"
GAN = LSGANLoss()


# the right numbers


def test_a_step_of_cut_equals_one_written_out_by_hand(model, trainer, batch, cut_phases):
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


def test_the_generator_is_judged_by_the_updated_discriminator(model, trainer, batch, cut_phases):
    built = model(cut_phases())
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
    values = trainer(built).step(batch)
    after = GAN.generator(built.discriminators["b"](fake))
    torch.testing.assert_close(values["gan"], after.detach())


def test_a_read_without_gradient_gets_logits_of_the_updated_discriminator_too(model, trainer, batch, discriminating):
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


def test_a_later_phase_sees_the_images_of_before_the_update(model, trainer, batch, cyclegan_phases):
    built = model(cyclegan_phases(), views={"pool": ImagePool()})
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
        judge = built.discriminators["b"]
        expected = 0.5 * (judge(fake).square().mean() + (judge(batch["b"]) - 1).square().mean())
    values = trainer(built).step(batch)
    torch.testing.assert_close(values["d_b"], expected)
    with torch.no_grad():
        assert not torch.allclose(built.generators["ab"](batch["a"]), fake)
    torch.testing.assert_close(built.views["pool"].stores["ab(a)"][0], fake[0])


def test_logits_of_several_scales_are_averaged(model, networks, trainer, batch, cut_phases):
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
    built.train_step(
        [{"b": torch.zeros(1, 3, 8, 8)}], lambda phase, loss: None, Progress(1, 1, 1, 1), [RandomStreams(0, 1)]
    )
    assert seen[0].dtype == torch.float32


# phases


def test_phases_are_updated_in_the_order_of_the_config_step_after_step(model, trainer, batch, cut_phases):
    run = trainer(model(cut_phases()))
    for number in (1, 2, 3):
        run.step(batch, number)
    assert run.order == ["discriminate", "generate"] * 3


def test_a_phase_without_active_terms_is_not_updated(model, trainer, batch, discriminating, pixel):
    resting = WeightedTerm(discriminating(), Constant(0.0))
    run = trainer(model({"discriminate": ([DB], {"d": resting}), "generate": ([AB], {"x": pixel("ab(b)", "b")})}))
    assert set(run.step(batch)) == {"x"}
    assert run.order == ["generate"]


def test_two_generator_phases_can_share_images_without_freeing_each_others_graphs(
    model, trainer, batch, adversarial, discriminating, pixel
):
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


# what a term must announce


@pytest.mark.parametrize(
    ("listed", "ask", "message"),
    [
        ([], lambda s: s.image("ab(a)").mean(), r"term 'x' reads generators.ab\(a\), but reads\(\)"),
        (
            [Read("ab(a)", grad=False)],
            lambda s: s.image("ab(a)").mean(),
            r"no gradient to generators.ab through generators.ab\(a\): no term of this phase lists it in reads",
        ),
        ([Read("ab(a)")], lambda s: s.taps("ab", "a", ["enc"])["enc"].mean(), r"taps enc of ab\(a\)"),
        ([Read("ab(a)")], lambda s: s.image("mirror(a)").mean(), r"term 'x' reads mirror\(a\)"),
        ([Read.logits_of("b", "b")], lambda s: s.leaf("b", "b")[0].mean(), "b as a leaf of discriminator b"),
    ],
)
def test_a_term_that_reads_what_it_did_not_list_is_an_error(model, trainer, batch, listed, ask, message, silent):
    built = model({"g": ([AB], {"x": silent(listed, ask)})}, views={"mirror": Mirror(1.0)})
    with pytest.raises(RuntimeError, match=message):
        trainer(built).step(batch)


def test_an_image_that_the_data_set_announces_and_does_not_deliver_is_an_error_that_names_it(
    model, trainer, batch, pixel
):
    made = model({"generate": (["generators.ab"], {"x": pixel("ab(a)", "b")})})
    del batch["b"]
    with pytest.raises(DataError, match="the data set announces the image 'b', but its items have none of that name"):
        trainer(made).step(batch)
