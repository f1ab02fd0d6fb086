import pytest
import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.translation import Average, Progress, RandomStreams, UnpairedTranslation, build_model
from i2ikit.translation.averages import follow, frozen_copy

TAPS = ["stem", "block1"]


def config(**changes: object) -> dict[str, object]:
    return {
        "generators": {"ab": {"type": "ResNetGenerator", "filters": 2, "blocks": 1}},
        "heads": {"f": {"type": "MLPHead", "of": "ab", "taps": TAPS, "dim": 4}},
        "averages": {
            "ab_slow": {"of": "generators.ab", "momentum": 0.75},
            "f_slow": {"of": "heads.f", "momentum": 0.5},
        },
        "phases": {
            "generate": {
                "update": ["generators", "heads"],
                "terms": {
                    "content": {
                        "type": "PatchTerm",
                        "query": ["ab", "a"],
                        "key": ["ab_slow", "a"],
                        "key_head": "f_slow",
                        "head": "f",
                        "taps": TAPS,
                        "loss": {"type": "PatchNCELoss"},
                        "sampler": {"type": "RandomSampler", "num": 8},
                    }
                },
            }
        },
        **changes,
    }


def errors(**changes: object) -> str:
    builder = Builder()
    assert build_model(config(**changes), builder) is None
    return "\n".join(f"{error.path}: {error.message}" for error in builder.errors)


def build(**changes: object) -> UnpairedTranslation:
    torch.manual_seed(0)
    builder = Builder()
    model = build_model(config(**changes), builder)
    assert model is not None, builder.errors
    return model


def step(model: UnpairedTranslation, rate: float) -> dict[str, Tensor]:
    trained = [parameter for name in ("generators.ab", "heads.f") for parameter in model.networks[name].parameters()]
    optimizer = torch.optim.SGD(trained, lr=rate)

    def update(phase: str, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return model.train_step([{"a": torch.rand(1, 3, 16, 16)}], update, Progress(1, 1, 1, 1), [RandomStreams(0, 1)])


def test_a_copy_moves_by_one_minus_momentum_of_the_way() -> None:
    network = nn.Linear(1, 1)
    copy = frozen_copy(network)
    nn.init.constant_(copy.weight, 1.0)
    nn.init.constant_(network.weight, 3.0)
    follow({"heads.slow": Average("heads.f", 0.75)}, {"heads.slow": copy, "heads.f": network})
    assert copy.weight.item() == pytest.approx(1.5)


def test_buffers_are_those_of_the_network() -> None:
    network = nn.BatchNorm1d(1)
    copy = frozen_copy(network)
    network.running_mean.fill_(4.0)  # type: ignore[union-attr, operator]
    follow({"heads.slow": Average("heads.f")}, {"heads.slow": copy, "heads.f": network})
    assert copy.running_mean.item() == 4.0  # type: ignore[union-attr, operator]


def test_a_copy_begins_as_its_network_and_takes_no_gradient() -> None:
    model = build()
    for fast, slow in zip(model.generators["ab"].parameters(), model.generators["ab_slow"].parameters(), strict=True):
        assert torch.equal(fast, slow)
        assert not slow.requires_grad


def test_a_copy_of_its_own_beginning_has_random_weights_and_then_follows_its_network() -> None:
    own = {"ab_slow": {"of": "generators.ab"}, "f_slow": {"of": "heads.f", "momentum": 0.5, "init": "own"}}
    model = build(averages=own)
    fast, slow = model.heads["f"], model.heads["f_slow"]
    assert fast.state_dict().keys() == slow.state_dict().keys()
    for name, begun in slow.state_dict().items():
        if name.endswith("weight"):
            assert not torch.allclose(begun, fast.state_dict()[name])
            assert 0.5 < (begun.std() / fast.state_dict()[name].std()).item() < 2  # the same rule of initialization
    assert not any(parameter.requires_grad for parameter in slow.parameters())
    before = [parameter.clone() for parameter in slow.parameters()]
    step(model, rate=0.0)
    for now, old, target in zip(slow.parameters(), before, fast.parameters(), strict=True):
        torch.testing.assert_close(now, 0.5 * old + 0.5 * target)


def test_a_copy_of_its_own_beginning_shifts_no_other_network() -> None:
    own = {"ab_slow": {"of": "generators.ab"}, "f_slow": {"of": "heads.f", "init": "own"}}
    for name, weights in build().heads["f"].state_dict().items():
        assert torch.equal(weights, build(averages=own).heads["f"].state_dict()[name])


def test_an_average_of_an_average_may_begin_on_its_own_too() -> None:
    averages = config()["averages"] | {"f_slower": {"of": "heads.f_slow", "init": "own"}}  # type: ignore[operator]
    model = build(averages=averages)
    own, copy = model.heads["f_slower"].state_dict(), model.heads["f_slow"].state_dict()
    assert own.keys() == copy.keys()
    assert not all(torch.equal(own[name], copy[name]) for name in own)


def test_an_unknown_beginning_is_an_error() -> None:
    averages = {"ab_slow": {"of": "generators.ab"}, "f_slow": {"of": "heads.f", "init": "random"}}
    assert "model.averages.f_slow.init: init is one of 'copy', 'own', not 'random'" in errors(averages=averages)


def test_a_step_updates_the_networks_and_then_moves_the_copies_towards_them() -> None:
    model = build()
    before = {name: [p.detach().clone() for p in network.parameters()] for name, network in model.networks.items()}
    step(model, rate=1.0)
    for name, of, momentum in (("generators.ab_slow", "generators.ab", 0.75), ("heads.f_slow", "heads.f", 0.5)):
        moved = False
        for slow, old, fast, start in zip(
            model.networks[name].parameters(), before[name], model.networks[of].parameters(), before[of], strict=True
        ):
            torch.testing.assert_close(slow.detach(), momentum * old + (1 - momentum) * fast.detach())
            moved = moved or not torch.equal(fast, start)
        assert moved


def test_no_phase_that_updates_all_generators_updates_a_copy() -> None:
    assert build().phases["generate"].update == ("generators.ab", "heads.f")


def test_copies_are_saved_with_the_model() -> None:
    state = build().state_dict()
    assert {key.split(".")[1] for key in state if key.startswith(("generators.", "heads."))} == {
        "ab", "ab_slow", "f", "f_slow",
    }  # fmt: skip


def test_images_are_made_by_the_copy_of_a_generator_and_the_step_continues_with_the_generator() -> None:
    model, image = build(), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        for parameter in model.generators["ab"].parameters():
            parameter.add_(0.1)
    images = model.render({"a": image}, ["ab(a)", "ab_slow(a)"])
    assert torch.equal(images["ab(a)"], images["ab_slow(a)"])
    assert not torch.allclose(images["ab(a)"], model.generators["ab"](image))


def test_an_average_of_nothing_names_the_nearest_network() -> None:
    found = errors(averages={"ab_slow": {"of": "generators.ba"}})
    assert "model.averages.ab_slow.of: there is no network 'generators.ba'" in found
    assert "'generators.ab'" in found


def test_an_average_may_not_take_the_name_of_a_network() -> None:
    assert "'ab' is already used" in errors(averages={"ab": {"of": "generators.ab"}})


def test_a_phase_that_updates_an_average_is_an_error() -> None:
    phases = {"generate": {"update": ["generators.ab_slow"], "terms": {}}}
    assert "'generators.ab_slow' is an average of 'generators.ab'; no phase updates it" in errors(phases=phases)


def test_a_momentum_outside_its_range_is_an_error() -> None:
    averages = {"ab_slow": {"of": "generators.ab", "momentum": 1.5}, "f_slow": {"of": "heads.f"}}
    assert "model.averages.ab_slow.momentum: momentum must be in 0..1, not 1.5" in errors(averages=averages)
    averages = {"ab_slow": {"of": "generators.ab"}, "f_slow": {"of": "heads.f", "momentum": "slow"}}
    assert "model.averages.f_slow.momentum: " in errors(averages=averages)


def test_an_average_without_a_network_shows_how_it_is_written() -> None:
    assert 'dict(of="generators.ab", momentum=0.999)' in errors(averages={"ab_slow": {"momentum": 0.9}})


def test_a_head_that_is_an_average_is_checked_for_its_number_of_taps() -> None:
    phases = config()["phases"]
    phases["generate"]["terms"]["content"]["taps"] = ["stem"]  # type: ignore[index]
    assert "head 'f_slow' is made for 2 taps, but the term has 1" in errors(phases=phases)
