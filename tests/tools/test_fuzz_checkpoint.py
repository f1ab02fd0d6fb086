"""The tool that damages checkpoints: a short round of it."""

import argparse
import importlib
import os
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def fuzz() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        yield importlib.import_module("fuzz_checkpoint")


@pytest.fixture(scope="module")
def bench(fuzz, tmp_path_factory) -> Any:
    return fuzz.Bench(tmp_path_factory.mktemp("bench"), seconds=0)


def test_damaged_checkpoints_are_refused_or_have_no_effect(fuzz, bench):
    reports: list[str] = []
    options = argparse.Namespace(truncations=4, flips=12, fields=0.001, seed=5, hostile=False, headers=False)
    assert fuzz.fuzz(bench, options, reports.append) == 0, reports
    assert "damaged files" in reports[-1]


def test_a_silent_difference_is_found(bench, monkeypatch):
    monkeypatch.setitem(bench.expected, "translate", b"another image")
    assert bench.try_out("translate", bench.newest) == "a silent difference"
