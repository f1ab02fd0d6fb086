"""What tests of every folder share."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.metrics.base import Metric
from i2ikit.registry import DATASETS, METRICS
from tests.browser import CHROMIUM
from tests.warm import WarmPython

PORTS = range(20000, 32000)  # below those that the system hands out to connections, which could take one in between


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window, for tests that are marked with ``needs_browser``."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def python() -> Iterator[WarmPython]:
    """``python("-m", "i2ikit", "list")`` runs a program in a process of its own, which has imported torch already."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    warm = WarmPython()
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds ports that nobody listens at: another one at each call, and in each process of the suite."""
    start = os.getpid() * 16
    tried = iter(range(len(PORTS)))

    def find() -> int:
        for offset in tried:
            port = PORTS[(start + offset) % len(PORTS)]
            with socket.socket() as trial:
                try:
                    trial.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise OSError("all ports are taken")

    return find


@pytest.fixture(params=["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"])
def device(request: pytest.FixtureRequest) -> torch.device:
    """Every device that losses and samplers must give the same values on."""
    return torch.device(request.param)


@pytest.fixture
def unlistable(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a folder one that may not be listed; the user root may list every real one."""
    closed: list[Path] = []
    scandir = os.scandir

    def refuse(path: Any = ".") -> Any:
        if Path(path) in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return closed.append


SIZE = 16


class NoisyPairs:
    """Seven items of domain a (dark) and b (bright); noise from the global stream, as augmentation would draw it."""

    def __init__(self, count: int = 7, noise: float = 0.2) -> None:
        self.count, self.noise = count, noise

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        def image(brightness: float) -> Tensor:
            noise = self.noise * torch.randn(3, SIZE, SIZE)
            return (brightness + 0.05 * index + noise).clamp(-1, 1)

        return {"a": image(-0.5), "b": image(0.5), "a_path": f"a{index}", "b_path": f"b{index}"}


class MeanBrightness(Metric):
    """Mean of the outputs, and their count."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.values: list[float] = []

    def update(self, sample: dict[str, Tensor]) -> None:
        assert sample["output"].shape == sample["a"].shape
        self.values += sample["output"].mean(dim=(1, 2, 3)).tolist()

    def compute(self) -> dict[str, float]:
        return {"brightness": sum(self.values) / len(self.values), "images": float(len(self.values))}


@pytest.fixture
def tiny_parts():
    for registry, part in ((DATASETS, NoisyPairs), (METRICS, MeanBrightness)):
        registry.register_module(force=True)(part)
    yield
    for registry, part in ((DATASETS, NoisyPairs), (METRICS, MeanBrightness)):
        registry.module_dict.pop(part.__name__)


@pytest.fixture
def temporary_hook():
    """Register mmengine hooks for one test."""
    from mmengine.registry import HOOKS

    names = []

    def register(hook: type[Any]) -> str:
        HOOKS.register_module(module=hook)
        names.append(hook.__name__)
        return hook.__name__

    yield register
    for name in names:
        HOOKS.module_dict.pop(name)


GENERATOR = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}
DISCRIMINATOR = {"type": "PatchGANDiscriminator", "filters": 4, "layers": 1}
LSGAN = {"type": "LSGANLoss"}
L1 = {"type": "L1Loss"}
TAPS = ["stem", "down1"]


def run_config(model: dict[str, Any], **sections: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "model": model,
        "optimizer": {"type": "Adam", "lr": 1e-3, "betas": [0.5, 0.999]},
        "schedule": {"type": "StepwiseLinearDecay", "start": 0.5},
        "data": {
            "batch_size": 1,
            "workers": 0,
            "train": {"type": "NoisyPairs"},
            "test": {"type": "NoisyPairs", "count": 3},
        },
        "train": {"steps": 12},
        "log": {"every": 2},
        "samples": {"every": 1000, "count": 2},
        "checkpoint": {"every": 5, "keep": 3},
        "seed": 0,
    }
    return {**base, **sections}


@pytest.fixture
def cyclegan(tiny_parts: None) -> dict[str, Any]:
    """CycleGAN with an image history that fills and is drawn from within a dozen steps."""

    def adversarial(discriminator: str, image: str) -> dict[str, Any]:
        return {"type": "AdversarialTerm", "discriminator": discriminator, "image": image, "loss": LSGAN}

    def judge(name: str, fake: str) -> dict[str, Any]:
        return {"type": "DiscriminatorTerm", "discriminator": name, "real": name, "fake": fake, "loss": LSGAN}

    def pixel(image: str, target: str, weight: float) -> dict[str, Any]:
        return {"type": "PixelTerm", "image": image, "target": target, "loss": L1, "weight": weight}

    generate = {
        "gan_ab": adversarial("b", "ab(a)"),
        "gan_ba": adversarial("a", "ba(b)"),
        "cycle_a": pixel("ba(ab(a))", "a", 10.0),
        "cycle_b": pixel("ab(ba(b))", "b", 10.0),
        "identity_b": pixel("ab(b)", "b", 5.0),
    }
    discriminate = {"d_b": judge("b", "pool(ab(a))"), "d_a": judge("a", "pool(ba(b))")}
    model = {
        "type": "UnpairedTranslation",
        "generators": {"ab": GENERATOR, "ba": GENERATOR},
        "discriminators": {"a": DISCRIMINATOR, "b": DISCRIMINATOR},
        "views": {"pool": {"type": "ImagePool", "size": 3}},
        "phases": {
            "generate": {"update": ["generators"], "terms": generate},
            "discriminate": {"update": ["discriminators"], "terms": discriminate, "optimizer": {"lr": 2e-3}},
        },
    }
    return run_config(model)


@pytest.fixture
def cut(tiny_parts: None) -> dict[str, Any]:
    """CUT with random patches and a view that mirrors the input at random."""
    content = {
        "type": "PatchTerm",
        "query": ["ab", "ab(mirror(a))"],
        "key": ["ab", "mirror(a)"],
        "taps": TAPS,
        "head": "f",
        "loss": {"type": "PatchNCELoss"},
        "sampler": {"type": "RandomSampler", "num": 8},
        "negatives": {"type": "WithinImage"},
    }
    gan = {"type": "AdversarialTerm", "discriminator": "b", "image": "ab(mirror(a))", "loss": LSGAN}
    judge = {"type": "DiscriminatorTerm", "discriminator": "b", "real": "b", "fake": "ab(mirror(a))", "loss": LSGAN}
    model = {
        "type": "UnpairedTranslation",
        "generators": {"ab": GENERATOR},
        "discriminators": {"b": DISCRIMINATOR},
        "heads": {"f": {"type": "MLPHead", "of": "ab", "taps": TAPS, "dim": 8}},
        "views": {"mirror": {"type": "Mirror"}},
        "phases": {
            "discriminate": {"update": ["discriminators"], "terms": {"d": judge}},
            "generate": {
                "update": ["generators", "heads"],
                "terms": {"gan": gan, "content": content},
                "groups": {"heads": {"lr": 5e-4}, "heads.f": {"betas": [0.9, 0.99]}},
            },
        },
    }
    return run_config(model)
