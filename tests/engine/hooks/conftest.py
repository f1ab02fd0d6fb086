"""A run made of stand-ins, so that an alarm can be shown any run in a moment."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.engine.hooks.alarms import Look, Watch
from i2ikit.interfaces.progress import Progress


class Images:
    """Six images of a domain, each of its own color with a ramp across it; no b."""

    def __init__(self, count: int = 6) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        ramp = torch.linspace(-0.4, 0.4, 32).expand(3, 32, 32)
        return {"a": ramp + 0.1 * index, "a_path": f"a{index}"}


def look_at(outputs: Any, count: int = 6) -> Look:
    """Return what a generator would show that makes ``outputs(image)`` of an image."""
    inputs = [Images()[index]["a"] for index in range(count)]
    return Look("ab", inputs, [outputs(image) for image in inputs])


class Stage:
    """A run: what its generator makes of an image, its terms, its step; and what was told."""

    def __init__(self, outputs: Any = None, terms: dict[str, Any] | None = None) -> None:
        self.notes: list[str] = []
        self.lines: list[dict[str, Any]] = []
        phase = SimpleNamespace(terms={name: SimpleNamespace(term=term) for name, term in (terms or {}).items()})
        model = SimpleNamespace(
            generators={"ab": None, "ab_mean": None},
            averages={"generators.ab_mean": None},
            phases={"discriminate": phase},
            render=lambda batch, expressions: {text: outputs(batch["a"]) for text in expressions},
        )
        self.runner: Any = SimpleNamespace(
            model=SimpleNamespace(translation=model, device=torch.device("cpu")),
            train_loop=SimpleNamespace(progress=Progress(1, 1, 1, 100)),
        )

    def watch(self, alarm: Any, name: str = "test") -> Any:
        """Attach an alarm and return it."""
        alarm.name = name
        alarm.attach(Watch(self.notes.append, self.lines.append, Images()))
        return alarm

    def step(self, alarm: Any, step: int, **losses: Tensor) -> None:
        """Let one step end."""
        self.runner.train_loop.progress = Progress(1, step, 1, 10_000)
        alarm.after_train_iter(self.runner, step - 1, None, losses)


@pytest.fixture
def look() -> Callable[..., Look]:
    """Makes looks: ``look(function from image to image, number of images)``."""
    return look_at


@pytest.fixture
def new_stage() -> type[Stage]:
    """Makes stages."""
    return Stage
