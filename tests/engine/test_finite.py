from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.engine.checkpointing.reproduce import reproduce
from i2ikit.engine.finite import FiniteCheck
from i2ikit.engine.train import train
from i2ikit.errors import RunError
from i2ikit.registry import LOSSES


class Overflowing(nn.Module):
    """Overflows."""

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return ((image - target).abs().mean() + 1) * 1e38 * 1e38


@pytest.fixture
def failing(cut: dict[str, Any]):
    """CUT with a term that overflows at step 8, in its second epoch."""
    LOSSES.register_module(force=True)(Overflowing)
    weight = {"type": "Until", "epoch": 1, "value": 0.0, "then": 1.0}
    term = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": "Overflowing"}, "weight": weight}
    cut["model"]["phases"]["generate"]["terms"]["bad"] = term
    yield cut
    LOSSES.module_dict.pop("Overflowing")


def stopped(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    with pytest.raises(RunError, match=r"^step 8 \(epoch 2\) stopped before its update: .* 'bad' is inf"):
        train(config, work_dir=folder)
    (file,) = folder.glob("not_finite_step_000008.pt")
    found = reproduce(file)
    return {"model": found.failed.model, "losses": found.losses, "saved": found.failed.losses}


@pytest.mark.slow
@pytest.mark.parametrize("every", [5, 8])  # at 8, a checkpoint of the failed step would be due
def test_a_step_that_is_checked_late_leaves_the_same_files_as_one_that_is_checked_at_once(
    every, failing, tmp_path, monkeypatch, assert_same
):
    failing["checkpoint"] = {"every": every}
    at_once = stopped(failing, tmp_path / "at_once")
    monkeypatch.setattr("i2ikit.engine.loop.FiniteCheck", lambda run: FiniteCheck(run, lag=1))
    late = stopped(failing, tmp_path / "late")
    assert_same(late, at_once)
    saved = [[path.name for path in (tmp_path / run).glob("checkpoints/*")] for run in ("at_once", "late")]
    assert saved[0] == saved[1]


def test_a_run_waits_for_the_check_of_its_last_step(cut, tmp_path, monkeypatch):
    """A checkpoint is due after the last step; the check comes first."""
    monkeypatch.setattr("i2ikit.engine.loop.FiniteCheck", lambda run: FiniteCheck(run, lag=100))
    add = FiniteCheck.add

    def spoiled(self: FiniteCheck, progress: Any, batches: Any, losses: Any, flags: Any) -> None:
        last = progress.step == progress.steps
        add(self, progress, batches, losses, {name: flag * torch.nan if last else flag for name, flag in flags.items()})

    monkeypatch.setattr(FiniteCheck, "add", spoiled)
    with pytest.raises(RunError, match=r"^step 3 \(epoch 1\) stopped before its update"):
        train(cut, work_dir=tmp_path, max_steps=3)
    assert not list(tmp_path.glob("checkpoints/*"))
