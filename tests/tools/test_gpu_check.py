"""The checks of a GPU, tried out on a CPU."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
TRIED = ["machine", "precisions", "communication", "memory", "data loading", "translation", "quality"]
ELSEWHERE = ["recorded steps", "ways to run"]  # they take long: tests of parity, graphs and compiled networks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gpu_check() -> ModuleType:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("gpu_check")
    finally:
        sys.path.remove(str(TOOLS))


@pytest.mark.parametrize("name", TRIED)
def test_a_check_passes_on_a_cpu(gpu_check, name):
    result = gpu_check.CHECKS[name][0](gpu_check.Setting("cpu", quick=True))
    assert result.pop("passed")
    assert json.loads(json.dumps(result)) == result
    assert result


def test_no_check_is_forgotten(gpu_check):
    assert sorted(gpu_check.CHECKS) == sorted(TRIED + ELSEWHERE)


def test_whatever_happens_in_a_check_is_its_result(gpu_check, monkeypatch, tmp_path):
    made = {
        "crash": "import os; os.abort()",
        "error": "raise ValueError('a wrong value')",
        "hang": "import time; time.sleep(60)",
        "good": "import sys; open(sys.argv[-1], 'w').write('{\"passed\": true, \"speed\": 2.5}')",
    }
    monkeypatch.setattr(gpu_check, "CHECKS", dict.fromkeys(made, (None, 2)))
    script = tmp_path / "check.py"
    script.write_text("import sys\n" + f"code = {made!r}[sys.argv[sys.argv.index('--only') + 1]]\n" + "exec(code)\n")
    monkeypatch.setattr(gpu_check, "__file__", str(script))
    results = gpu_check.check_all(gpu_check.Setting("cpu", quick=False), list(made))
    assert {name: result["passed"] for name, result in results.items()} == {
        "crash": False,
        "error": False,
        "hang": False,
        "good": True,
    }
    assert results["error"]["error"] == "ValueError: a wrong value"
    assert results["hang"]["error"] == "took more than 2 s"
    assert "| good | passed | speed: 2.5; took:" in gpu_check.table(results)


def test_checks_for_which_no_time_is_left_are_not_made(gpu_check, monkeypatch):
    monkeypatch.setattr(gpu_check, "LONGEST", 0)
    results = gpu_check.check_all(gpu_check.Setting("cpu", quick=True), ["machine"])
    assert results == {"machine": {"passed": False, "error": "no time was left"}}
