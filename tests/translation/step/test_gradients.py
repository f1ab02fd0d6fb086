"""Gradient reaches the networks of the phase and of the term, and no others."""

import pytest
from torch import Tensor, nn

from i2ikit.views.image_pool import ImagePool

AB, BA, DA, DB, F = "generators.ab", "generators.ba", "discriminators.a", "discriminators.b", "heads.f"


def test_only_what_a_phase_updates_gets_a_gradient(model, trainer, batch, cut_phases, cyclegan_phases):
    run = trainer(model(cut_phases()))
    run.step(batch)
    assert run.reached == {"discriminate": {DB}, "generate": {AB, F}}
    run = trainer(model(cyclegan_phases(), views={"pool": ImagePool()}))
    run.step(batch)
    assert run.reached == {"generate": {AB, BA}, "discriminate": {DA, DB}}


def test_a_network_in_the_middle_passes_gradient_on_without_getting_any(model, trainer, batch, pixel):
    run = trainer(model({"only_ab": ([AB], {"cycle": pixel("ba(ab(a))", "a")})}))
    run.step(batch)
    assert run.reached == {"only_ab": {AB}}
    assert {name.rsplit(".", 1)[0] for name in run.gradients["only_ab"] if name.startswith(BA)} == set()


def test_a_head_that_the_phase_does_not_update_gets_none(model, trainer, batch, patch):
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
def test_the_keys_gradient_stops_where_the_term_sets_it(
    model, trainer, batch, detach, key_trains_generator, key_trains_head, patch
):
    class KeyAlone(nn.Module):
        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            return key[..., 0].mean() + 0 * query.mean()

    run = trainer(model({"generate": ([AB, F], {"x": patch("b", "a", loss=KeyAlone(), detach=detach)})}))
    run.step(batch)
    assert (AB in run.reached["generate"]) is key_trains_generator
    assert (F in run.reached["generate"]) is key_trains_head


def test_the_target_of_a_pixel_term_gets_no_gradient(model, trainer, batch, pixel):
    built = model({"generate": ([AB, BA], {"x": pixel("ab(a)", "ba(b)")})})
    run = trainer(built)
    run.step(batch)
    assert run.reached == {"generate": {AB}}
    assert [call.graph for call in built.generators["ba"].calls] == [False]


def test_nothing_stays_frozen_after_a_step(model, trainer, batch, cut_phases):
    built = model(cut_phases())
    trainer(built).step(batch)
    assert all(parameter.requires_grad for parameter in built.parameters())


def test_networks_that_do_not_train_stay_as_they_are(model, trainer, batch, cut_phases):
    built = model(cut_phases())
    built.heads["f"].requires_grad_(False)
    run = trainer(built)
    run.step(batch)
    assert run.reached["generate"] == {AB}
    assert not any(parameter.requires_grad for parameter in built.heads["f"].parameters())
