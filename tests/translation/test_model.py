import io

import pytest
import torch
from torch import nn

from i2ikit.losses.pixel import L1Loss
from i2ikit.schedules import Constant
from i2ikit.terms.pixel import PixelTerm
from i2ikit.translation import WeightedTerm
from i2ikit.views.image_pool import ImagePool
from i2ikit.views.mirror import Mirror


def pixel(image: str, target: str) -> PixelTerm:
    return PixelTerm(image, target, L1Loss())


@pytest.fixture
def built(model):
    phases = {
        "generate": (
            ["generators.ab", "generators.ba"],
            {"cycle": pixel("ba(ab(a))", "a"), "same": pixel("ab(b)", "b")},
        )
    }
    return model(phases, views={"mirror": Mirror(1.0), "pool": ImagePool()})


def test_networks_have_full_names(built):
    assert list(built.networks) == [
        "generators.ab", "generators.ba", "discriminators.a", "discriminators.b", "heads.f",
    ]  # fmt: skip
    assert built.networks["generators.ab"] is built.generators["ab"]


def test_values_are_unweighted_and_detached_and_the_loss_is_their_weighted_sum(model, trainer, batch):
    terms = {
        "x": WeightedTerm(pixel("ab(a)", "a"), Constant(10.0)),
        "y": WeightedTerm(pixel("ab(b)", "b"), Constant(-0.5)),
    }
    run = trainer(model({"generate": (["generators.ab"], terms)}), rate=0.0)
    values = run.step(batch)
    output = run.model.render(batch, ["ab(a)", "ab(b)"])
    torch.testing.assert_close(values["x"], (output["ab(a)"] - batch["a"]).abs().mean())
    torch.testing.assert_close(run.losses["generate"], 10 * values["x"] - 0.5 * values["y"])
    assert not any(value.requires_grad for value in values.values())


def test_the_images_that_terms_read_are_listed_once_in_the_order_of_the_config(built):
    assert built.image_expressions() == ["ba(ab(a))", "a", "ab(b)", "b"]


def test_rendering_translates_and_leaves_views_out(built, batch):
    rendered = built.render(batch, ["a", "ab(mirror(a))", "ba(pool(ab(a)))"])
    with torch.no_grad():
        fake = built.generators["ab"](batch["a"])
        back = built.generators["ba"](fake)
    assert rendered["a"] is batch["a"]
    assert torch.equal(rendered["ab(mirror(a))"], fake)
    assert torch.equal(rendered["ba(pool(ab(a)))"], back)
    assert built.views["pool"].stores == {}


def test_rendering_makes_each_image_once_and_no_graph(built, batch):
    built.generators["ab"].calls.clear()
    rendered = built.render(batch, ["ab(a)", "ba(ab(a))"])
    assert [(call.images, call.graph) for call in built.generators["ab"].calls] == [(1, False)]
    assert not rendered["ba(ab(a))"].requires_grad


def test_rendering_is_in_evaluation_mode_and_leaves_the_mode_as_it_was(model, networks, batch):
    toy = networks("generator")
    built = model({}, generators={"ab": toy(nn.BatchNorm2d(4))}).train()
    before = built.generators["ab"].stages.norm.running_mean.clone()
    built.render(batch, ["ab(a)"])
    assert torch.equal(built.generators["ab"].stages.norm.running_mean, before)
    assert all(module.training for module in built.modules())
    built.eval().render(batch, ["ab(a)"])
    assert not built.training


def test_rendering_an_image_of_an_unknown_generator_names_it(built, batch):
    with pytest.raises(ValueError, match=r"no generator or view 'xy' in 'xy\(a\)'"):
        built.render(batch, ["xy(a)"])


def test_the_state_holds_networks_and_histories_and_loads_as_weights_only(model, trainer, batch):
    from i2ikit.losses.adversarial import LSGANLoss
    from i2ikit.terms.adversarial import DiscriminatorTerm

    def make():
        d = DiscriminatorTerm("b", "b", "pool(ab(a))", LSGANLoss())
        return model({"discriminate": (["discriminators.b"], {"d": d})}, views={"pool": ImagePool(2)})

    first, second = make(), make()
    for number in (1, 2, 3, 4):
        trainer(first).step(batch, number)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.load_state_dict(torch.load(file, weights_only=True))
    for number in (5, 6):
        assert trainer(second).step(batch, number) == trainer(first).step(batch, number)
    assert not any(key.startswith("terms.") for key in first.state_dict())


@pytest.mark.parametrize(("norm", "shared"), [(nn.InstanceNorm2d(4), True), (nn.BatchNorm2d(4), False)])
def test_passes_are_joined_unless_a_layer_mixes_the_images_of_a_batch(model, networks, norm, shared):
    built = model({}, generators={"ab": networks("generator")(norm)})
    assert built.shareable["generators.ab"] is shared
