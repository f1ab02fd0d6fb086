"""The tool that damages checkpoints: a short round of it."""

import argparse
import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def load() -> Any:
    spec = importlib.util.spec_from_file_location("fuzz_checkpoint", ROOT / "tools" / "fuzz_checkpoint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pytestmark = pytest.mark.slow


def test_damaged_checkpoints_are_refused_or_have_no_effect(tmp_path):
    fuzz, reports = load(), []
    bench = fuzz.Bench(tmp_path, seconds=0)
    options = argparse.Namespace(truncations=4, flips=12, fields=0.002, seed=5)
    assert fuzz.fuzz(bench, options, reports.append) == 0, reports
    assert "damaged files" in reports[-1]


def test_a_silent_difference_is_found(tmp_path):
    fuzz = load()
    bench = fuzz.Bench(tmp_path, seconds=0)
    bench.expected["translate"] = b"another image"
    assert bench.try_out("translate", bench.newest) == "a silent difference"
