"""Recorded steps of the published code, replayed by the tool of i2ikit, which finds the configs through the plugin."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
TOOL = Path(__file__).parents[3] / "tools" / "parity.py"


@pytest.mark.slow
@pytest.mark.skipif(not TOOL.is_file(), reason="needs a checkout of i2ikit")
def test_every_number_of_the_published_runs_is_reproduced(tmp_path):
    folders = []
    for name in ["unsb"]:
        folders.append(shutil.copytree(CASES / name, tmp_path / name))
    done = subprocess.run([sys.executable, TOOL, *folders], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": equal") == len(folders)


@pytest.mark.slow
@pytest.mark.skipif(not TOOL.is_file(), reason="needs a checkout of i2ikit")
def test_other_options_of_the_published_code_train_too(tmp_path):
    folder = shutil.copytree(CASES / "unsb", tmp_path / "unsb")
    case = json.loads((folder / "case.json").read_text())
    case["options"].update(tau=0.1, lambda_NCE=2.0, gan_mode="nonsaturating", nce_T=0.1)
    (folder / "case.json").write_text(json.dumps(case))
    done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)
    assert "unsb: DIFFERENT" in done.stdout, done.stdout + done.stderr
