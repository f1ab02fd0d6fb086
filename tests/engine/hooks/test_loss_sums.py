import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from i2ikit.engine.hooks import loss_sums
from i2ikit.engine.hooks.loss_sums import LossSums, read_losses


class Operations(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func._schema.name)
        return func(*args, **(kwargs or {}))


def losses(value: float) -> dict[str, Tensor]:
    return {"gan": torch.tensor(value), "identity": torch.tensor(2 * value)}


def test_adding_a_step_is_no_operation_on_tensors():
    found = losses(1.0)
    with Operations() as operations:
        LossSums().add(found)
    assert operations.names == []


def test_a_sum_is_the_same_however_often_it_is_saved_on_the_way():
    whole, parts = LossSums(), LossSums()
    for step in range(1, 8):
        for sums in (whole, parts):
            sums.add(losses(1 / step))
        restored = LossSums()
        restored.load_state_dict(parts.state_dict())
        parts = restored
    assert whole.state_dict() == parts.state_dict()


def test_tensors_of_a_long_window_are_read_in_between(monkeypatch):
    monkeypatch.setattr(loss_sums, "MOST", 2)
    sums = LossSums()
    for _ in range(5):
        sums.add(losses(1.0))
    assert len(sums._recent) == 1
    assert sums.means() == {"gan": 1.0, "identity": 2.0}


def test_a_mean_over_too_few_steps_is_left_out():
    sums = LossSums()
    sums.add(losses(1.0))
    sums.add({"gan": torch.tensor(2.0)})
    assert sums.means(2) == {"gan": 1.5}


def test_losses_of_several_types_are_read_with_their_names():
    assert read_losses([{"gan": torch.tensor(1.5), "content": torch.tensor(2.5, dtype=torch.float64)}]) == [
        ("gan", 1.5),
        ("content", 2.5),
    ]
    assert read_losses([]) == []
