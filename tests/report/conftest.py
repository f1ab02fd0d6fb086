import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

CONFIG = {
    "model": {
        "generators": {"ab": {"type": "ResNetGenerator"}, "ba": {"type": "ResNetGenerator"}},
        "phases": {
            "generate": {
                "update": ["generators"],
                "terms": {
                    "gan_ab": {"type": "AdversarialTerm", "discriminator": "b", "image": "ab(a)"},
                    "cycle_a": {"type": "PixelTerm", "image": "ba(ab(a))", "target": "a", "weight": 10.0},
                },
            }
        },
    },
    "metrics": {"background": {"type": "BackgroundPSNR"}, "home_made": {"type": "NotInstalled"}},
}
NAMES = ("testA/0.png", "testA/1.png")


class WorkDirMaker:
    """Writes the files of a run one by one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def log(self, *lines: dict[str, Any] | str) -> None:
        with (self.path / "log.jsonl").open("a") as log:
            log.writelines(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)

    def scalars(self, step: int, **losses: float | None) -> dict[str, Any]:
        lr = {"generators.ab": 2e-4, "generators.ba": 2e-4}
        return {"step": step, "epoch": 1 + step // 100, "time": step / 10, "lr": lr, "losses": losses}

    def samples(
        self,
        step: int,
        names: Sequence[str] = NAMES,
        made: Sequence[str] = ("output", "reconstruction"),
        color: Any = "red",
        inputs: Any = "red",
    ) -> Path:
        """Write a step of samples: inputs with these names, and what was made of them."""
        folder = self.path / "samples" / f"step_{step:06d}"
        self._write(
            folder, step, [{"name": name, "images": {"input": inputs, **dict.fromkeys(made, color)}} for name in names]
        )
        return folder

    def measured(self, values: dict[str, float], step: int = 1000, inputs: tuple[int, int, int] = (255, 0, 0)) -> Path:
        """Write a step of samples with the keys as names and the values as PSNR of each."""
        folder = self.path / "samples" / f"step_{step:06d}"
        images = {"input": inputs, "output": (0, 255, 0), "truth": (0, 0, 255)}
        items = [{"name": name, "values": {"truth": value}, "images": images} for name, value in values.items()]
        self._write(folder, step, items, {"truth": {"label": "PSNR to the truth, dB", "better": "higher"}})
        return folder

    def _write(
        self, folder: Path, step: int, items: list[dict[str, Any]], measures: dict[str, Any] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for index, item in enumerate(items):
            for name, color in item["images"].items():
                Image.new("RGB", (8, 6), color).save(folder / f"{index:05d}_{name}.png")
            item |= {"domain": "a", "images": {name: f"{index:05d}_{name}.png" for name in item["images"]}}
        (folder / "index.json").write_text(json.dumps({"step": step, "measures": measures or {}, "items": items}))

    def config(self, config: dict[str, Any] = CONFIG, text: str = "seed = 0\n") -> None:
        (self.path / "config.json").write_text(json.dumps(config))
        (self.path / "config.py").write_text(text)


@pytest.fixture
def run(tmp_path: Path) -> WorkDirMaker:
    return WorkDirMaker(tmp_path / "cyclegan_daisies")


@pytest.fixture
def finished(run: WorkDirMaker) -> WorkDirMaker:
    run.config()
    run.log({"event": "start", "device": "cpu", "versions": {"torch": "2.9", "i2ikit": "0.1"}, "threads": 2})
    run.log(*(run.scalars(step, gan_ab=1 / step, cycle_a=2.0) for step in range(50, 1050, 50)))
    run.log({"event": "metrics", "step": 1000, "metrics": {"background.db": 23.456, "home_made.x": 1.0, "odd": 2.0}})
    for step in (500, 1000):
        run.samples(step)
    return run
