from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from i2ikit.engine.train import train
from i2ikit.errors import DataError
from i2ikit.report.record import read_record


@pytest.fixture
def config(cut: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Training on four images of A, one of them cut off, and five of B."""
    for folder, count in (("trainA", 4), ("trainB", 5), ("testA", 1)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for k in range(count):
            pixels = np.random.default_rng(k).integers(0, 256, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / folder / f"{k}.png")
    bad = tmp_path / "data/trainA/2.png"
    bad.write_bytes(bad.read_bytes()[:-60])  # the header is intact
    root = str(tmp_path / "data")
    folders = {"type": "UnpairedFolders", "root": root, "transform": {"type": "ResizeCropFlip"}}
    test = {"type": "UnpairedFolders", "root": root, "split": "test", "transform": {"type": "Resize"}}
    cut["data"] = {"load_size": 18, "crop_size": 16, "workers": 0, "train": folders, "test": test, "bad_fraction": 0.2}
    cut["train"] = {"epochs": 2}
    return cut


@pytest.mark.slow  # two trainings
def test_a_bad_file_is_reported_once_though_the_run_is_resumed(
    config: dict[str, Any], tmp_path: Path, recorder: Any
) -> None:
    train(config, work_dir=tmp_path / "run", pause_at=5, reporter=recorder)
    assert "4 images of a and 5 images of b; an epoch takes 5 (the longest domain)" in recorder.summary.epoch
    train(config, work_dir=tmp_path / "run", resume=True, reporter=recorder)
    (note,) = [note for note in recorder.notes if "replaced by another file" in note]
    assert "trainA/2.png" in note
    assert "1 of 1 bad files that this run allows" in note
    log = (tmp_path / "run/log.jsonl").read_text()
    assert log.count('"bad_file"') == 1
    assert read_record(tmp_path / "run") is not None


def test_the_first_bad_file_ends_a_run_that_allows_none(config: dict[str, Any], tmp_path: Path) -> None:
    config["data"]["bad_fraction"] = 0
    with pytest.raises(DataError, match=r"trainA/2\.png"):
        train(config, work_dir=tmp_path / "run")
