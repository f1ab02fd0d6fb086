"""Each pass of a step is made once, joined with the passes that can share its call."""

import pytest
import torch
from torch import nn

from i2ikit.losses.cosine import CosineLoss
from i2ikit.schedules import Until
from i2ikit.translation import WeightedTerm
from i2ikit.translation.calls import InPrecision
from i2ikit.views.image_pool import ImagePool
from i2ikit.views.mirror import Mirror

AB, DB, F = "generators.ab", "discriminators.b", "heads.f"


def clear(model) -> None:
    for network in model.networks.values():
        if hasattr(network, "calls"):
            network.calls.clear()


def test_cut_translates_both_images_at_once_and_encodes_both_outputs_at_once(model, trainer, batch, cut_phases):
    cut = model(cut_phases())
    trainer(cut).step(batch)
    translated, encoded = cut.generators["ab"].calls
    assert (translated.images, set(translated.taps), translated.graph) == (2, {"out", "enc", "dec"}, True)
    assert (encoded.images, set(encoded.taps), encoded.graph) == (2, {"enc", "dec"}, True)


def test_a_term_on_two_stages_of_one_pass_needs_no_second_one(
    model, trainer, batch, adversarial, discriminating, pixel, patch
):
    enco = patch("a", "a", taps=(("enc", "norm"),), loss=CosineLoss())
    phases = {
        "discriminate": ([DB], {"d": discriminating()}),
        "generate": ([AB, F], {"gan": adversarial(), "content": enco, "identity": pixel("ab(b)", "b")}),
    }
    built = model(phases)
    trainer(built).step(batch)
    assert [(call.images, call.graph) for call in built.generators["ab"].calls] == [(2, True)]


def test_cyclegan_needs_four_generator_calls(model, trainer, batch, cyclegan_phases):
    cyclegan = model(cyclegan_phases(), views={"pool": ImagePool()})
    trainer(cyclegan).step(batch)
    assert [call.images for call in cyclegan.generators["ab"].calls] == [2, 1]
    assert [call.images for call in cyclegan.generators["ba"].calls] == [2, 1]


def test_large_images_pass_one_by_one_on_a_cpu_with_the_same_losses(model, trainer, batch, cut_phases, monkeypatch):
    joined, apart = model(cut_phases()), model(cut_phases())
    apart.load_state_dict(joined.state_dict())
    expected = trainer(joined).step(batch)
    monkeypatch.setattr("i2ikit.translation.step.MOST_JOINED", batch["a"].shape[-2:].numel() - 1)
    torch.testing.assert_close(trainer(apart).step(batch), expected, rtol=1e-12, atol=0)
    assert [call.images for call in apart.generators["ab"].calls] == [1, 1, 1, 1]


def test_a_discriminator_judges_fake_and_real_in_one_call_and_the_fake_again_after_its_update(
    model, trainer, batch, cut_phases
):
    cut = model(cut_phases())
    trainer(cut).step(batch)
    assert [call.images for call in cut.discriminators["b"].calls] == [2, 1]


def test_images_of_two_sizes_are_not_batched(model, trainer, batch, pixel):
    built = model({"generate": ([AB], {"x": pixel("ab(a)", "a"), "y": pixel("ab(b)", "b")})})
    trainer(built).step({"a": batch["a"], "b": batch["b"][..., :6]})
    assert [call.images for call in built.generators["ab"].calls] == [1, 1]


def test_a_batch_norm_sees_each_batch_alone(model, networks, trainer, batch, cyclegan_phases):
    toy = networks("generator")
    built = model(
        cyclegan_phases(), generators={"ab": toy(nn.BatchNorm2d(4)), "ba": toy()}, views={"pool": ImagePool()}
    )
    trainer(built).step(batch)
    assert [call.images for call in built.generators["ab"].calls] == [1, 1, 1]
    assert [call.images for call in built.generators["ba"].calls] == [2, 1]


def test_sharing_calls_changes_no_loss_and_no_gradient(model, trainer, batch, cyclegan_phases):
    results = []
    for shared in (True, False):
        built = model(cyclegan_phases(), views={"pool": ImagePool()})
        built.shareable = dict.fromkeys(built.shareable, shared)
        results.append(trainer(built))
        results[-1].step(batch)
    assert len(results[1].model.generators["ab"].calls) == 3
    for phase in ("generate", "discriminate"):
        torch.testing.assert_close(results[0].losses[phase], results[1].losses[phase], rtol=1e-12, atol=0)
        for name, gradient in results[0].gradients[phase].items():
            torch.testing.assert_close(gradient, results[1].gradients[phase][name], rtol=1e-9, atol=1e-13)


def test_a_pass_without_gradient_makes_no_graph(model, trainer, batch, patch):
    built = model({"generate": ([AB, F], {"content": patch("mirror(a)", "a")})}, views={"mirror": Mirror(1.0)})
    trainer(built).step(batch)
    assert sorted((call.images, call.graph) for call in built.generators["ab"].calls) == [(1, False), (1, True)]


def test_a_term_of_weight_zero_is_not_run_and_its_passes_neither(model, trainer, batch, pixel):
    identity = WeightedTerm(pixel("ab(b)", "b"), Until(1, 5.0))
    built = model({"generate": ([AB], {"cycle": pixel("ab(a)", "b"), "identity": identity})})
    assert set(trainer(built).step(batch, epoch=1)) == {"cycle", "identity"}
    assert [call.images for call in built.generators["ab"].calls] == [2]
    clear(built)
    assert set(trainer(built).step(batch, epoch=2)) == {"cycle"}
    assert [call.images for call in built.generators["ab"].calls] == [1]


def test_methods_of_a_network_compute_in_its_precision_too():
    class Head(nn.Linear):
        def distance(self, x):
            return self(x)

    head = InPrecision(Head(2, 3), lambda: torch.autocast("cpu", torch.bfloat16))
    assert head.out_features == 3
    assert head.distance(torch.ones(1, 2)).dtype == torch.bfloat16
    with pytest.raises(AttributeError, match="missing"):
        _ = head.missing
