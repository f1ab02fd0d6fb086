"""Installs the wheel of i2ikit into an empty environment, and uses it outside of the repository: `make release`.

It downloads PyTorch where pip's cache does not have it, and takes some minutes and 7 GB of a temporary folder, which is
removed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

COMMANDS = [
    "doctor",
    "list losses",
    "train enco/stripes --max-steps 20 --work-dir run",
    "data make stripes scenes --size 64 --train 2 --test 2",
    "translate run scenes/testA translated",
    "benchmark cut/stripes enco/stripes --steps 4 --slices 2 --evaluations 1 --out compared",
    "new plugin i2ikit-tried --with loss",
    "list losses",  # with the plugin, which is installed before
]
MADE = ["run/index.html", "run/config.py", "translated", "compared/index.html", "i2ikit-tried/pyproject.toml"]


def try_wheel(wheel: Path, folder: Path) -> None:
    """Install a wheel and run the commands.

    Args:
        wheel: its file.
        folder: an empty one; the environment is made in it, and the commands run there.

    Raises:
        SystemExit: a command failed, or a file is missing that it should have written.
    """
    venv.create(folder / "environment", with_pip=True)
    programs = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
    work = folder / "work"
    work.mkdir()
    pip = [str(programs / "python"), "-m", "pip"]
    call([*pip, "install", "--quiet", f"{wheel.resolve()}[benchmark]"], work)
    call([*pip, "check"], work)
    for number, command in enumerate(COMMANDS):
        if number == len(COMMANDS) - 1:
            call([*pip, "install", "--quiet", "./i2ikit-tried"], work)
        call([str(programs / "i2ikit"), *command.split()], work)
    missing = [name for name in MADE if not (work / name).exists()]
    if missing:
        sys.exit(f"not written: {', '.join(missing)}")


def call(command: Sequence[str], folder: Path) -> None:
    """Run a command without anything of this environment on its path; end the program if it fails."""
    print("$", *command, flush=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if code:
        sys.exit(f"exit code {code}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    with tempfile.TemporaryDirectory(prefix="i2ikit-release-") as folder:
        try_wheel(parser.parse_args().wheel, Path(folder))
    print("The wheel works in an empty environment.")
