from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from i2ikit.errors import ShapeError
from i2ikit.interfaces.progress import Progress
from i2ikit.losses.patch_nce import PatchNCELoss
from i2ikit.negatives.memory_bank import MemoryBank


def step(number: int) -> Any:
    """A running step, of which a bank asks only which one it is."""
    return SimpleNamespace(progress=Progress(epoch=1, step=number, epochs=1, steps=9))


STEP = step(1)


def keys(start: int, count: int, dim: int = 3) -> torch.Tensor:
    """Rows (1, count, dim) that can be told apart."""
    return (start + torch.arange(count, dtype=torch.float32))[None, :, None].expand(1, count, dim)


def test_a_bank_begins_with_random_directions_of_unit_length() -> None:
    torch.manual_seed(0)
    rows = MemoryBank(2, dim=8, size=5).rows
    torch.testing.assert_close(rows.norm(dim=-1), torch.ones(2, 5))
    assert rows.unique(dim=1).shape == (2, 5, 8)


def test_a_step_is_contrasted_with_what_was_there_before_it() -> None:
    bank = MemoryBank(1, dim=3, size=4)
    first = bank.rows[0].clone()
    negatives = bank(STEP, keys(1, 2), keys(1, 2), 0)
    torch.testing.assert_close(negatives.keys, first)
    torch.testing.assert_close(bank(step(2), keys(3, 2), keys(3, 2), 0).keys[:2], keys(1, 2)[0])


def test_batches_of_one_step_are_contrasted_alike_and_all_of_their_keys_are_kept() -> None:
    bank = MemoryBank(1, dim=3, size=4)
    first = bank.rows[0].clone()
    for start in (1, 3):
        torch.testing.assert_close(bank(STEP, keys(start, 2), keys(start, 2), 0).keys, first)
    torch.testing.assert_close(bank(step(2), keys(5, 2), keys(5, 2), 0).keys, keys(1, 4)[0])


def test_the_oldest_keys_are_replaced_first() -> None:
    bank = MemoryBank(1, dim=1, size=4)
    for start in (1, 4, 7):  # 9 keys through 4 places
        bank(STEP, keys(start, 3, 1), keys(start, 3, 1), 0)
    assert sorted(bank.rows.flatten().tolist()) == [6, 7, 8, 9]


def test_more_keys_than_places_leave_the_last_ones() -> None:
    bank = MemoryBank(1, dim=1, size=2)
    bank(STEP, keys(1, 5, 1), keys(1, 5, 1), 0)
    assert sorted(bank.rows.flatten().tolist()) == [4, 5]


def test_layers_do_not_share_their_keys() -> None:
    bank = MemoryBank(2, dim=3, size=2)
    other = bank.rows[1].clone()
    bank(STEP, keys(1, 2), keys(1, 2), 0)
    assert torch.equal(bank.rows[1], other)


def test_a_saved_bank_goes_on_where_it_was() -> None:
    bank, resumed = MemoryBank(1, dim=1, size=4), MemoryBank(1, dim=1, size=4)
    bank(STEP, keys(1, 3, 1), keys(1, 3, 1), 0)
    resumed.load_state_dict(bank.state_dict())
    for each in (bank, resumed):
        each(STEP, keys(4, 3, 1), keys(4, 3, 1), 0)
    assert torch.equal(bank.rows, resumed.rows)


def test_the_loss_is_the_cross_entropy_against_the_bank_and_its_gradient_survives_the_exchange() -> None:
    torch.manual_seed(0)
    bank = MemoryBank(1, dim=4, size=6)
    query = F.normalize(torch.randn(2, 3, 4), dim=-1).requires_grad_()
    key = F.normalize(torch.randn(2, 3, 4), dim=-1)
    held = bank.rows[0].clone()
    loss = PatchNCELoss(tau=0.5)(query, key, bank(STEP, query, key, 0))
    loss.backward()
    slow = 0.0
    for image in range(2):
        for place in range(3):
            positive = (query[image, place] @ key[image, place] / 0.5).exp()
            others = sum((query[image, place] @ row / 0.5).exp() for row in held)
            slow += (-(positive / (positive + others)).log()).item() / 6
    assert loss.item() == pytest.approx(slow, abs=1e-5)
    assert query.grad is not None
    assert query.grad.isfinite().all()


def test_keys_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"MemoryBank\(layers=1, dim=3\) got keys \(1, 2, 5\) of layer 1"):
        MemoryBank(1, dim=3, size=2)(STEP, keys(1, 2, 5), keys(1, 2, 5), 0)


def test_more_layers_than_the_bank_was_made_for_are_refused() -> None:
    with pytest.raises(ShapeError, match="layer 2"):
        MemoryBank(1, dim=3, size=2)(STEP, keys(1, 2), keys(1, 2), 1)
