"""Recorded steps of the published code, replayed by the tool of i2ikit, which finds the configs through the plugin."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
TOOL = Path(__file__).parents[3] / "tools" / "parity.py"


@pytest.mark.slow
@pytest.mark.skipif(not TOOL.is_file(), reason="needs a checkout of i2ikit")
@pytest.mark.parametrize("name", ["qsattn_global", "qsattn_local_global"])
def test_every_number_of_the_published_run_is_reproduced(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(CASES / name, folder)
    for weights in CASES.glob("init_net_*.pth"):
        shutil.copy(weights, folder)
    done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}: equal" in done.stdout
