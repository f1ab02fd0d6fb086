"""The program of a checkout is the command."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "benchmark.py"


def test_the_program_is_the_command():
    done = subprocess.run([sys.executable, TOOL, "--help"], capture_output=True, text=True, check=True)
    assert "i2ikit benchmark [OPTIONS]" in done.stdout
