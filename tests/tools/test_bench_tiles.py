"""The comparison of tiles with the whole photo."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_tiles", ROOT / "tools" / "bench_tiles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_difference_and_steps_across_borders_are_printed(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    whole = np.cumsum(np.full((1, 8, 8), 2 / 255, np.float32), axis=1)  # one level a row
    tiles = whole.copy()
    tiles[:, 4:] += 4 / 255  # a seam of two levels
    bench._compare({"pixels": tiles, "rows": [0, 4], "columns": [0]}, whole)
    assert capsys.readouterr().out == (
        "difference: mean 1.0000, largest 2.00 of 255 levels\n"
        "steps across the borders of rows: 3.0000 times those of the whole photo\n"
    )
