"""The short form of the fuzz over config files and arguments: none ends a command but with a message."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def fuzz_files(monkeypatch, tmp_path) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("fuzz_files", TOOLS / "fuzz_files.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    for name in ("fuzz_config", "fuzz_checkpoint", "chaos"):
        sys.modules.pop(name, None)


@pytest.mark.slow
def test_wrong_files_and_arguments_end_with_a_message(fuzz_files):
    ended = list(fuzz_files.fuzz(every=101))
    assert len(ended) > 30
    failures = [
        (command, outcome.failure(), outcome.text[:200])
        for command, outcome in ended
        if outcome.failure() and not fuzz_files.is_finding(command, outcome)
    ]
    assert not failures


def test_every_parameter_with_a_value_of_every_command_is_tried(fuzz_files):
    known = {name for name, _ in fuzz_files.parameters(fuzz_files.COMMAND)}
    assert {"train", "data make stripes", "export"} <= known
    right = {"check": ["check", "small.py"], "translate": ["translate", "c.pt", "in", "out"]}
    cases = list(fuzz_files.argument_cases(right, ["WRONG"]))
    assert ["check", "WRONG"] in cases
    assert ["check", "small.py", "--set", "WRONG"] in cases
    assert [case for case in cases if case[:1] == ["translate"]][:3] == [
        ["translate", "WRONG", "in", "out"],
        ["translate", "c.pt", "WRONG", "out"],
        ["translate", "c.pt", "in", "WRONG"],
    ]
    assert ["translate", "c.pt", "in", "out", "--size", "WRONG"] in cases
