import pytest
import torch
from torch import nn

from i2ikit.engine.optim import PhaseUpdater, build_optimizers
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
    assert PhaseUpdater(optimizers).rates() == {"discriminators.b": 2e-4, "generators.ab": 5e-5}
    assert optimizers["g"].param_groups[0]["betas"] == (0.5, 0.999)


def test_a_group_of_one_network_wins_over_the_group_of_its_kind(networks):
    groups = {"heads.f": {"lr": 3.0}, "heads": {"lr": 1.0, "betas": (0.9, 0.9)}}
    phase = Phase("g", ("generators.ab", "heads.f", "heads.g"), {}, groups=groups)
    optimizers = build_optimizers({"g": phase}, networks, DEFAULT)
    assert PhaseUpdater(optimizers).rates() == {"generators.ab": 2e-4, "heads.f": 3.0, "heads.g": 1.0}
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
    assert PhaseUpdater(build_optimizers(phases, networks, DEFAULT)).rates() == {
        "generators.ab in one": 2e-4,
        "generators.ab in two": 1.0,
        "heads.f": 1.0,
    }


def updater(fused: bool = False, **weights: torch.nn.Parameter) -> PhaseUpdater:
    optimizers = {
        name: torch.optim.SGD([{"params": [weight], "name": name, "initial_lr": 0.5}], lr=0.5, fused=fused)
        for name, weight in weights.items()
    }
    return PhaseUpdater(optimizers)


def failed(update: PhaseUpdater) -> list[str]:
    """Return the phases of a step in or after which a value was not finite."""
    return [name for name, flag in update.take_flags().items() if flag.isnan()]


def test_adam_is_fused_unless_the_config_chooses_another_way_or_the_device_has_none(networks):
    phases = {"g": Phase("g", ("generators.ab",), {})}

    def fused(**changes: object) -> bool:
        return bool(build_optimizers(phases, networks, {**DEFAULT, **changes})["g"].defaults.get("fused"))

    assert fused()
    assert fused(type="AdamW")
    assert not fused(foreach=True)
    assert not fused(fused=False)
    assert not fused(type="RAdam")
    networks["generators.ab"].to("meta")
    assert not fused()


def test_the_fused_update_is_that_of_the_published_code_in_float64():
    found = []
    for fused in (False, True):
        torch.manual_seed(0)
        x = nn.Parameter(torch.randn(50, dtype=torch.float64))
        update = PhaseUpdater({"g": torch.optim.Adam([x], lr=2e-4, betas=(0.5, 0.999), fused=fused)})
        for _ in range(5):
            update("g", (x * torch.randn(50, dtype=torch.float64)).sum())
        found.append(x.detach())
    torch.testing.assert_close(*found, rtol=0, atol=1e-14)


def weight(value: float = 1.0) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor(value))


def test_a_phase_takes_one_step_down_its_loss_and_no_other_phase_moves():
    x, y = weight(), weight()
    updater(generate=x, discriminate=y)("generate", x**2 + y**2)
    assert x.item() == 1 - 0.5 * 2
    assert y.item() == 1


def test_gradients_of_an_earlier_phase_are_forgotten():
    x, y = weight(), weight()
    update = updater(generate=x, discriminate=y)
    update("generate", x * y)
    update("discriminate", 3 * y)
    assert y.item() == 1 - 0.5 * 3


def test_rates_are_the_initial_ones_times_the_factor_however_often_it_is_set():
    update = updater(generate=weight())
    update.set_rates(0.5)
    update.set_rates(0.1)
    assert update.rates() == {"generate": pytest.approx(0.05)}
    assert update.get_lr() == {"generate.lr": [pytest.approx(0.05)]}  # as mmengine's hooks ask for it


either_way = pytest.mark.parametrize("fused", [False, True])


@either_way
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_updates_nothing_then_or_later(bad, fused):
    x, y = weight(), weight()
    update = updater(fused, before=weight(), discriminate=y, generate=x)
    update("before", x)
    update("discriminate", y * bad)
    update("generate", x**2)
    assert failed(update) == ["discriminate", "generate"]
    update("generate", x**2)
    assert failed(update) == ["generate"]
    assert (x.item(), y.item()) == (1, 1)


@either_way
def test_a_gradient_that_is_not_finite_updates_nothing_though_its_loss_is(fused):
    x = weight(0.0)
    update = updater(fused, generate=x)
    update("generate", x.abs().sqrt())  # 0, with an infinite gradient
    assert failed(update) == ["generate"]
    assert x.item() == 0


def test_an_update_that_is_left_out_leaves_the_state_of_the_optimizer():
    x = weight()
    optimizer = torch.optim.Adam([x], fused=True)
    update = PhaseUpdater({"generate": optimizer})
    update("generate", x**2)
    before = {name: value.clone() for name, value in optimizer.state[x].items()}
    update("generate", x * float("nan"))
    assert before == optimizer.state[x]


def test_accumulated_losses_are_one_update_down_their_mean():
    x = weight()
    update = PhaseUpdater(updater(generate=x).optimizers, accumulate=2)
    update("generate", x**2)
    assert x.item() == 1
    update("generate", 4 * x)
    assert x.item() == 1 - 0.5 * (2 + 4) / 2


def test_a_long_gradient_of_a_phase_is_cut_to_its_length_and_a_short_one_left():
    x, y = weight(), weight()
    optimizer = torch.optim.SGD([{"params": [x, y], "name": "both", "initial_lr": 1.0}], lr=1.0)
    update = PhaseUpdater({"generate": optimizer}, clip_gradients=1.0)
    update("generate", 3 * x + 4 * y)
    assert (x.item(), y.item()) == (pytest.approx(1 - 0.6, abs=1e-5), pytest.approx(1 - 0.8, abs=1e-5))
    update("generate", 0.3 * x)
    assert x.item() == pytest.approx(0.4 - 0.3, abs=1e-5)


def test_a_scaled_loss_gives_the_plain_update_and_an_overflow_is_left_out_without_an_alarm():
    x = weight()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    update = PhaseUpdater(updater(generate=x).optimizers, scaler=scaler)
    update("generate", x**2)
    assert x.item() == 1 - 0.5 * 2
    x.data.fill_(1.0)
    update("generate", 1e38 * x)  # 1e38 * 2**10 is beyond float32
    assert (x.item(), failed(update)) == (1, [])
    assert scaler.get_scale() == 2.0**9
    update("generate", x**2)
    assert x.item() == 0


def test_with_a_scaler_a_loss_that_is_not_finite_updates_nothing_then_or_later():
    x = weight()
    update = PhaseUpdater(updater(generate=x).optimizers, scaler=torch.amp.GradScaler("cpu"))
    update("generate", x + float("nan"))  # its gradient is finite
    update("generate", x**2)
    assert (x.item(), failed(update)) == (1, ["generate"])
