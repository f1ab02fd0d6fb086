import pytest
import torch
from torch import nn

from i2ikit.engine.optimizers import build_optimizers, rates
from i2ikit.errors import ConfigError
from i2ikit.translation import Phase

DEFAULT = {"type": "Adam", "lr": 2e-4, "betas": (0.5, 0.999)}


@pytest.fixture
def networks() -> dict[str, nn.Module]:
    names = ["generators.ab", "discriminators.b", "heads.f", "heads.g", "heads.none"]
    return {name: nn.Identity() if name == "heads.none" else nn.Linear(2, 1) for name in names}


def test_a_phase_has_one_group_per_network_named_after_it(networks):
    phase = Phase("generate", ("generators.ab", "heads.f"), {})
    optimizer = build_optimizers({"generate": phase}, networks, DEFAULT)["generate"]
    assert isinstance(optimizer, torch.optim.Adam)
    assert [group["name"] for group in optimizer.param_groups] == ["generators.ab", "heads.f"]
    assert all(group["lr"] == group["initial_lr"] == 2e-4 for group in optimizer.param_groups)
    assert optimizer.param_groups[1]["params"] == list(networks["heads.f"].parameters())


def test_a_phase_overrides_single_keys_and_leaves_the_others(networks):
    phases = {
        "d": Phase("d", ("discriminators.b",), {}),
        "g": Phase("g", ("generators.ab",), {}, optimizer={"lr": 5e-5}),
    }
    optimizers = build_optimizers(phases, networks, DEFAULT)
    assert rates(optimizers) == {"discriminators.b": 2e-4, "generators.ab": 5e-5}
    assert optimizers["g"].param_groups[0]["betas"] == (0.5, 0.999)


def test_a_group_of_one_network_wins_over_the_group_of_its_kind(networks):
    groups = {"heads.f": {"lr": 3.0}, "heads": {"lr": 1.0, "betas": (0.9, 0.9)}}
    phase = Phase("g", ("generators.ab", "heads.f", "heads.g"), {}, groups=groups)
    optimizers = build_optimizers({"g": phase}, networks, DEFAULT)
    assert rates(optimizers) == {"generators.ab": 2e-4, "heads.f": 3.0, "heads.g": 1.0}
    assert [group["betas"] for group in optimizers["g"].param_groups] == [(0.5, 0.999), (0.9, 0.9), (0.9, 0.9)]


def test_a_network_without_parameters_has_no_group(networks):
    phase = Phase("g", ("generators.ab", "heads.none"), {})
    optimizer = build_optimizers({"g": phase}, networks, DEFAULT)["g"]
    assert [group["name"] for group in optimizer.param_groups] == ["generators.ab"]


def test_a_phase_without_any_parameter_is_refused(networks):
    with pytest.raises(ConfigError, match=r"model\.phases\.g\.update: none of heads\.none has a parameter to update"):
        build_optimizers({"g": Phase("g", ("heads.none",), {})}, networks, DEFAULT)


def test_an_unknown_optimizer_is_named(networks):
    phase = Phase("g", ("generators.ab",), {})
    with pytest.raises(ConfigError, match=r"model\.phases\.g\.optimizer\.type: no optimizer is called 'Adem'"):
        build_optimizers({"g": phase}, networks, {"type": "Adem", "lr": 1.0})


def test_a_network_of_two_phases_is_listed_for_each(networks):
    phases = {
        "one": Phase("one", ("generators.ab",), {}),
        "two": Phase("two", ("generators.ab", "heads.f"), {}, optimizer={"lr": 1.0}),
    }
    assert rates(build_optimizers(phases, networks, DEFAULT)) == {
        "generators.ab in one": 2e-4,
        "generators.ab in two": 1.0,
        "heads.f": 1.0,
    }
