"""A stand-in for a run, so that a hook can be tested without a training."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.engine.hooks.alarms import FixedOutputs, OutputAlarm, Outputs
from i2ikit.interfaces.progress import Progress
from i2ikit.translation.expressions import parse


class Images:
    """Six images of a domain, each of its own color with a ramp across it; no b."""

    def __init__(self, count: int = 6) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        ramp = torch.linspace(-0.4, 0.4, 32).expand(3, 32, 32)
        return {"a": ramp + 0.1 * index, "a_path": f"a{index}"}


class FakeRun:
    """A run: outputs of its generator, its terms, its step; and what was reported and logged."""

    def __init__(self, outputs: Any = None, terms: dict[str, Any] | None = None) -> None:
        self.notes: list[str] = []
        self.lines: list[dict[str, Any]] = []
        self.steps: list[tuple[int, float, float]] = []
        phase = SimpleNamespace(terms={name: SimpleNamespace(term=term) for name, term in (terms or {}).items()})
        self.translation = SimpleNamespace(
            outputs={"ab": parse("ab(a)")},
            views={},
            phases={"discriminate": phase},
            render=lambda batch, expressions, samples: {text: outputs(batch["a"]) for text in expressions},
        )
        self.model = SimpleNamespace(device=torch.device("cpu"))
        self.optim_wrapper = SimpleNamespace(rates=lambda: {"net": 0.5})
        self.train_loop = SimpleNamespace(iter=0)
        self.reporter = SimpleNamespace(note=self.notes.append, step=self.note_step)
        self.log = SimpleNamespace(write=self.lines.append, listeners=[])
        self.progress = Progress(1, 1, 1, 100)

    def settle(self) -> None:
        """All steps were finite."""

    def seconds(self) -> float:
        return 100.0

    def note_step(self, step: int, epoch: int, rate: float, eta: float, losses: dict[str, float]) -> None:
        self.steps.append((step, rate, eta))

    def attach(self, alarm: Any, name: str = "test") -> Any:
        """Name an alarm, let it check the outputs of this run, and return it."""
        alarm.name = name
        if isinstance(alarm, OutputAlarm):
            alarm.fixed = FixedOutputs(Images())
        return alarm

    def step(self, hook: Any, step: int, steps: int = 10_000, **losses: Tensor) -> None:
        """End one step."""
        self.progress = Progress(1, step, 1, steps)
        hook.after_train_iter(self, step - 1, None, losses)


@pytest.fixture
def outputs_of() -> Callable[..., Outputs]:
    """Makes outputs: ``outputs_of(function from image to image, number of images)``."""

    def make(outputs: Any, count: int = 6) -> Outputs:
        inputs = [Images()[index]["a"] for index in range(count)]
        return Outputs("ab", inputs, [outputs(image) for image in inputs])

    return make


@pytest.fixture
def new_run() -> type[FakeRun]:
    """Makes stand-ins for runs."""
    return FakeRun
