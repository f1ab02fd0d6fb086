"""Views inside a step: sampled once, undone on features, kept."""

import torch
from torch import Tensor, nn

from i2ikit.views.image_pool import ImagePool
from i2ikit.views.mirror import Mirror

AB, DB, F = "generators.ab", "discriminators.b", "heads.f"


def test_a_skipped_view_is_the_image_itself(model, trainer, batch, adversarial, discriminating, patch):
    def phases(image: str) -> dict:
        return {
            "discriminate": ([DB], {"d": discriminating(f"ab({image})")}),
            "generate": ([AB, F], {"gan": adversarial(f"ab({image})"), "content": patch(f"ab({image})", "a")}),
        }

    undrawn, plain = model(phases("mirror(a)"), views={"mirror": Mirror(0.0)}), model(phases("a"))
    assert trainer(undrawn).step(batch) == trainer(plain).step(batch)
    assert undrawn.generators["ab"].calls == plain.generators["ab"].calls


def test_features_of_a_mirrored_image_are_mirrored_back(model, trainer, batch, patch):
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


def test_a_view_on_both_sides_is_left_where_it_is(model, trainer, batch, patch):
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


def test_the_history_is_asked_once_a_step_for_each_image(model, trainer, batch, discriminating, cyclegan_phases):
    phases = cyclegan_phases()
    phases["discriminate"][1]["again"] = discriminating("pool(ab(a))")
    phases["once more"] = ([DB], {"other": discriminating("pool(ab(a))")})
    built = model(phases, views={"pool": ImagePool(10)})
    run = trainer(built)
    for number in range(1, 5):
        run.step(batch, number)
    assert {name: len(buffer) for name, buffer in built.views["pool"].stores.items()} == {
        "ab(a)": 4,
        "ba(b)": 4,
    }


def test_a_view_of_a_generated_image_can_be_trained_through_by_two_phases(model, trainer, batch, pixel):
    phases = {name: ([AB], {name: pixel("mirror(ab(a))", "b")}) for name in ("one", "two")}
    run = trainer(model(phases, views={"mirror": Mirror(1.0)}))
    values = run.step(batch)
    assert run.reached == {"one": {AB}, "two": {AB}}
    assert values["two"] < values["one"]  # the second phase sees what the first one made better
