"""The tool that damages checkpoints: a short round of it."""

import argparse
import importlib
import os
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="commands run in forked processes"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),  # Python >= 3.12 on forks beside threads
    pytest.mark.filterwarnings("ignore:.*quantize:UserWarning"),  # which torch no longer wants, and old files have
]


@pytest.fixture
def fuzz(monkeypatch) -> Any:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("fuzz_checkpoint")


def test_damaged_checkpoints_are_refused_or_have_no_effect(fuzz, tmp_path):
    reports: list[str] = []
    bench = fuzz.Bench(tmp_path, seconds=0)
    options = argparse.Namespace(truncations=4, flips=12, fields=0.001, seed=5, hostile=False, headers=False)
    assert fuzz.fuzz(bench, options, reports.append) == 0, reports
    assert "damaged files" in reports[-1]


def test_a_silent_difference_is_found(fuzz, tmp_path):
    bench = fuzz.Bench(tmp_path, seconds=0)
    bench.expected["translate"] = b"another image"
    assert bench.try_out("translate", bench.newest) == "a silent difference"
