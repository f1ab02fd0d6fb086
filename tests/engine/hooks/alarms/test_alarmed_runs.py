"""Complete runs that are made to fail, and their alarms; pains 12 (inversion) and 23 (collapse, loader)."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from i2ikit.config.sections import DEFAULT_ALARMS
from i2ikit.engine.train import train
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import DATASETS, DISCRIMINATORS, GENERATORS

pytestmark = pytest.mark.slow  # complete trainings
EARLY = {"every": 2, "start": 2, "times": 2}


class Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class ScaledCopy(StagedGenerator):
    """Returns its input times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__(3, [("out", Scaled(factor), 3)], multiple=1)


class Brightness(nn.Module):
    """Separates the bright images of b from dark ones, without an error."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x.mean((1, 2, 3), keepdim=True) > 0).float()


class Slow:
    """Items that take their time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return 30

    def __getitem__(self, index: int) -> dict[str, Any]:
        time.sleep(self.seconds)
        return {"a": torch.zeros(3, 16, 16), "b": torch.ones(3, 16, 16)}


@pytest.fixture(autouse=True)
def scripted_parts():
    parts = ((GENERATORS, ScaledCopy), (DISCRIMINATORS, Brightness), (DATASETS, Slow))
    for registry, part in parts:
        registry.register_module(force=True)(part)
    yield
    for registry, part in parts:
        registry.module_dict.pop(part.__name__)


@pytest.fixture
def alarms_of(recorder, log_of) -> Callable[..., dict[str, str]]:
    """``alarms_of(config, folder, alarms, **sections)``: findings of the alarms of a run, by name."""

    def find(config: dict[str, Any], folder: Any, alarms: dict[str, Any], **sections: Any) -> dict[str, str]:
        train(
            {**config, "alarms": {**dict.fromkeys(DEFAULT_ALARMS), **alarms}, **sections},
            work_dir=folder,
            reporter=recorder,
        )
        lines = log_of(folder, "alarm")
        assert sum("Alarm" in text for text in recorder.notes) == len(lines)
        found = {line["alarm"]: line["finding"] for line in lines}
        assert len(found) == len(lines)
        return found

    return find


def scripted(cut: dict[str, Any], factor: float) -> dict[str, Any]:
    """Return a config whose generator multiplies its input and learns nothing."""
    judge = {
        "type": "DiscriminatorTerm",
        "discriminator": "b",
        "real": "b",
        "fake": "ab(a)",
        "loss": {"type": "LSGANLoss"},
    }
    gan = {"type": "AdversarialTerm", "discriminator": "b", "image": "ab(a)", "loss": {"type": "LSGANLoss"}}
    same = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": "L1Loss"}, "weight": 1e-6}
    model = {
        "type": "UnpairedTranslation",
        "generators": {"ab": {"type": "ScaledCopy", "factor": factor}},
        "discriminators": {"b": {"type": "Brightness"}},
        "phases": {
            "discriminate": {"update": ["discriminators"], "terms": {"d": judge}},
            "generate": {"update": ["generators"], "terms": {"gan": gan, "identity": same}},
        },
    }
    return {**cut, "model": model, "optimizer": {"type": "SGD", "lr": 1e-9}}


ALL = {
    "collapse": {"type": "CollapseAlarm", **EARLY},
    "nothing_learned": {"type": "NothingLearnedAlarm", **EARLY},
    "inversion": {"type": "InversionAlarm", **EARLY},
}


@pytest.mark.parametrize(
    ("factor", "alarm", "finding"),
    [
        (0.001, "collapse", "vary 0.1% as much as their inputs"),
        (1.001, "nothing_learned", "of 255 levels"),
        (-0.9, "inversion", "correlate -1.00"),
        (0.6, "", ""),
    ],
)
def test_each_failure_triggers_its_own_alarm_and_a_healthy_run_none(factor, alarm, finding, cut, tmp_path, alarms_of):
    found = alarms_of(scripted(cut, factor), tmp_path, ALL)
    assert list(found) == ([alarm] if alarm else [])
    assert finding in "".join(found.values())


def test_a_perfect_discriminator_triggers(cut, tmp_path, alarms_of):
    found = alarms_of(scripted(cut, 1.0), tmp_path, {"overpowering": {"type": "OverpoweringAlarm", "steps": 6}})
    assert "loss 'd' was 0.00%" in found["overpowering"]


def test_a_slow_loader_triggers(cut, tmp_path, alarms_of):
    alarm = {"type": "LoaderStallAlarm", "steps": 4, "above": 0.3}
    data = {"batch_size": 1, "workers": 0, "train": {"type": "Slow", "seconds": 0.05}}
    found = alarms_of(scripted(cut, 0.5), tmp_path, {"loader_stall": alarm}, data=data)
    assert "of the last 4 steps" in found["loader_stall"]


def test_a_resumed_run_does_not_trigger_again(cut, tmp_path, recorder):
    config = scripted(cut, -0.9)
    train({**config, "alarms": ALL}, work_dir=tmp_path, pause_at=6, reporter=recorder)
    assert sum("inverted" in text for text in recorder.notes) == 1
    train({**config, "alarms": ALL}, work_dir=tmp_path, resume=True, reporter=recorder)
    assert sum("inverted" in text for text in recorder.notes) == 1


def test_alarms_change_no_weight(cyclegan, tmp_path):
    states = []
    for name, alarms in (("with", {key: {**value, "below": 1000.0} for key, value in ALL.items()}), ("without", None)):
        train({**cyclegan, "alarms": alarms}, work_dir=tmp_path / name)
        states.append(torch.load(tmp_path / name / "checkpoints" / "step_000012.pt", weights_only=True)["model"])
    for key, value in states[0].items():
        if isinstance(value, Tensor):
            assert torch.equal(value, states[1][key]), key
