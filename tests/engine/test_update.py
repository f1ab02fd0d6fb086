import pytest
import torch

from i2ikit.engine.update import PhaseUpdater


def updater(**weights: torch.nn.Parameter) -> PhaseUpdater:
    optimizers = {
        name: torch.optim.SGD([{"params": [weight], "name": name, "initial_lr": 0.5}], lr=0.5)
        for name, weight in weights.items()
    }
    return PhaseUpdater(optimizers)


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


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_updates_nothing_then_or_later(bad):
    x, y = weight(), weight()
    update = updater(discriminate=y, generate=x)
    update("discriminate", y * bad)
    update("generate", x**2)
    assert update.blocked == "discriminate"
    assert (x.item(), y.item()) == (1, 1)
    assert x.grad is None
    assert y.grad is None
