import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.checkpointing.reproduce import FailedStep, read_step, reproduce, write_step
from i2ikit.engine.train import train
from i2ikit.errors import CheckpointError, RunError
from i2ikit.registry import DATASETS, LOSSES

whole_run = pytest.mark.slow
TERMS = ("gan", "content", "bad")


class RootAtZero(nn.Module):
    """Finite, with a gradient that is not: the root of a difference that is 0 everywhere."""

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return (0 * (image - target)).square().sum().sqrt()


class Huge(nn.Module):
    """Overflows."""

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        return ((image - target).abs().mean() + 1) * 1e38 * 1e38


@pytest.fixture(autouse=True)
def losses():
    for part in (RootAtZero, Huge):
        LOSSES.register_module(force=True)(part)
    yield
    for part in (RootAtZero, Huge):
        LOSSES.module_dict.pop(part.__name__)


def failing(cut: dict[str, Any], loss: str) -> dict[str, Any]:
    """Return CUT with a term that fails in the second epoch, at step 8."""
    weight = {"type": "Until", "epoch": 1, "value": 0.0, "then": 1.0}
    term = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": loss}, "weight": weight}
    cut["model"]["phases"]["generate"]["terms"]["bad"] = term
    return cut


def stopped(config: dict[str, Any], folder: Path) -> tuple[str, Path]:
    """Return the message of a run that stops, and the file that it leaves."""
    with pytest.raises(RunError) as error:
        train(config, work_dir=folder)
    (file,) = folder.glob("not_finite_step_*.pt")
    return str(error.value), file


@whole_run
@pytest.mark.parametrize("loss", ["RootAtZero", "Huge"])
def test_a_failed_step_is_reported_and_runs_again_to_the_same_values(loss, cut, tmp_path):
    message, file = stopped(failing(cut, loss), tmp_path)
    assert file.name == "not_finite_step_000008.pt"
    assert message.startswith("step 8 (epoch 2) stopped before its update: in phase 'generate' a ")
    assert re.search(r"The batch: a\d, b\d\.", message)
    assert f"i2ikit reproduce {file}" in message
    assert f"Checkpoints of earlier steps are in {tmp_path / 'checkpoints'}" in message
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step_000005.pt"]
    found = reproduce(file)
    assert found.failed.phase == "generate"
    if loss == "Huge":
        assert "a loss is not finite: 'bad' is inf." in message
        assert (found.bad_losses, found.bad_gradients) == (["bad"], {})
    else:
        assert re.search(r"a gradient is not finite: that of term 'bad' in generators\.ab\.\S+ and \d+ more", message)
        assert (found.bad_losses, list(found.bad_gradients)) == ([], ["bad"])
        assert [found.losses[name] for name in TERMS] == [found.failed.losses[name] for name in TERMS]


@whole_run
def test_an_image_that_is_not_finite_is_named(cut, tmp_path, monkeypatch):
    pairs = DATASETS.get("NoisyPairs")
    original = pairs.__getitem__
    monkeypatch.setattr(
        pairs, "__getitem__", lambda *item: {**original(*item), "a": torch.full((3, 16, 16), torch.nan)}
    )
    message, file = stopped(cut, tmp_path)
    assert "stopped before its update: in phase 'discriminate' a loss is not finite: 'd' is nan. The batch:" in message
    assert "No checkpoint was due yet." in message
    assert not reproduce(file).failed.batches[0]["a"].isfinite().all()


def failed_step() -> FailedStep:
    progress = {"epoch": 1, "step": 3, "epochs": 1, "steps": 9}
    batch = {"a": torch.zeros(1, 3, 4, 4), "a_path": ["x.png", "y.png"], "b_path": "z.png"}
    return FailedStep({"model": {}}, {"w": torch.ones(2)}, progress, [batch], [0], "generate", {"gan": float("nan")})


def test_a_step_is_read_as_it_was_written(tmp_path):
    write_step(tmp_path / "step.pt", failed_step())
    found = read_step(tmp_path / "step.pt")
    assert found.files == ["x.png", "y.png", "z.png"]
    assert (found.progress, found.firsts, found.phase) == (failed_step().progress, [0], "generate")
    assert torch.equal(found.batches[0]["a"], torch.zeros(1, 3, 4, 4))


def test_a_checkpoint_without_a_failed_step_is_refused(tmp_path):
    write_checkpoint(tmp_path / "file.pt", Checkpoint(config={}, model={}))
    with pytest.raises(CheckpointError, match=r"file\.pt has no failed step"):
        read_step(tmp_path / "file.pt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"firsts": "x"}, r"extra\.failed_step\.firsts must be a list"),
        ({"phase": ""}, r"extra\.failed_step\.phase must be some text"),
        ({"losses": {"gan": "x"}}, r"extra\.failed_step\.losses\.gan must not be a str"),
        ({"batches": [{"a": "x"}], "config": {}}, r"the step in \S+file\.pt cannot be run here: KeyError"),
    ],
)
def test_a_step_that_no_run_can_have_written_is_one_message(tmp_path, change, message):
    step = vars(failed_step()) | change
    write_step(tmp_path / "file.pt", FailedStep(**step))
    with pytest.raises(CheckpointError, match=message):
        reproduce(tmp_path / "file.pt")
