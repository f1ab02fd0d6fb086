import json
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
COLUMNS = ["a", "ab(a)", "ba(ab(a))"]


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

    def grid(
        self,
        step: int,
        columns: list[str] = COLUMNS,
        rows: int = 2,
        color: str = "red",
        names: list[dict[str, str]] | None = None,
    ) -> Path:
        folder = self.path / "samples"
        folder.mkdir(exist_ok=True)
        path = folder / f"step_{step:06d}.png"
        Image.new("RGB", (8 * len(columns), 6 * rows), color).save(path)
        about = {"step": step, "columns": columns, "rows": rows, "size": [8, 6]}
        path.with_suffix(".json").write_text(json.dumps(about | ({} if names is None else {"names": names})))
        return path

    def gallery(self, values: dict[str, float], step: int = 1000, inputs: tuple[int, int, int] = (255, 0, 0)) -> Path:
        """Write test images called by the keys, the value being the PSNR of each."""
        folder = self.path / "samples" / "gallery"
        folder.mkdir(parents=True, exist_ok=True)
        items = []
        for index, (name, value) in enumerate(values.items()):
            item = {"name": name, "index": index, "values": {"truth": value}}
            for kind, color in (("input", inputs), ("output", (0, 255, 0)), ("truth", (0, 0, 255))):
                item[kind] = f"{index:05d}_{kind}.png"
                Image.new("RGB", (8, 6), color).save(folder / item[kind])
            items.append(item)
        measures = {"truth": {"label": "PSNR to the truth, dB", "better": "higher"}}
        about = {"step": step, "generator": "ab", "measures": measures, "items": items}
        (folder / "gallery.json").write_text(json.dumps(about))
        return folder

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
        run.grid(step)
    return run
