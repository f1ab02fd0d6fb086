"""The code blocks of the documentation do what they say.

Every line of a shell block that begins with ``i2ikit`` must be understood by the command line, and every block of
Python must compile. A comment above a block asks for more, in one temporary folder for each page:

- ``<!-- run -->``: a shell block is run line by line, a block of Python in an interpreter of its own;
- ``<!-- file: PATH -->``: the block is the content of this file.

Nothing is installed: a ``pip install --editable DIR`` that is run puts DIR on the path, with the metadata that pip
would have written.
"""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import typer

from i2ikit.cli.app import app
from i2ikit.config import find_config, load_config
from tests.warm import WarmPython

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("plugins/*/*.md")]
)
BLOCK = re.compile(r"^(?:<!-- *(.*?) *-->\n)?( *)```(\w*).*?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHELL = ("sh", "shell", "bash", "console")
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]


@dataclass
class Block:
    language: str
    text: str
    marker: str


def blocks(page: Path) -> Iterator[Block]:
    for marker, _, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        yield Block(language, dedent(text), marker)


def lines(text: str) -> list[str]:
    """Return the commands of a shell block; a backslash joins lines."""
    return [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def commands(page: Path) -> list[list[str]]:
    """Return the arguments of every call of i2ikit in the shell blocks of a page that are not run."""
    found = []
    for block in blocks(page):
        if block.language in SHELL and block.marker != "run":
            words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines(block.text)]
            found += [each[1:] for each in words if each and each[0].rpartition("/")[2] == "i2ikit"]
    return found


def parse(arguments: list[str]) -> dict[str, Any]:
    """Let the command line read arguments, without running the command that they call; return its parameters."""
    command = typer.main.get_command(app)
    rest, name = arguments, "i2ikit"
    while True:
        with command.make_context(name, list(rest), resilient_parsing=False) as context:
            rest = [*getattr(context, "_protected_args", []), *context.args]
            if not hasattr(command, "resolve_command") or not rest:
                return dict(context.params)
            name, command, rest = command.resolve_command(context, rest)


@pytest.mark.parametrize("name", [name for name, page in zip(NAMES, PAGES, strict=True) if commands(page)])
def test_every_command_of_a_page_is_understood(name: str) -> None:
    for arguments in commands(ROOT / name):
        try:
            parse(arguments)
        except (typer.Exit, SystemExit):  # --help
            continue
        except Exception as error:
            pytest.fail(f"i2ikit {shlex.join(arguments)}: {error}")


@pytest.mark.parametrize("name", ["docs/troubleshooting.md"])
def test_every_config_of_a_page_has_the_keys_that_are_set(name: str) -> None:
    for arguments in commands(ROOT / name):
        found = parse(arguments)
        if arguments[0] in ("train", "check") and "--resume" not in arguments:
            load_config(find_config(found["config"]), found["overrides"] or (), None, found["recipes"] or ())


@pytest.mark.parametrize("name", NAMES)
def test_every_block_of_python_compiles(name: str) -> None:
    for block in blocks(ROOT / name):
        if block.language in ("python", "py"):
            compile(block.text, name, "exec")


@pytest.mark.parametrize("name", NAMES)
def test_every_marker_is_known_and_stands_above_a_block(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    asked = re.findall(r"^<!-- *(run|file: .*?) *-->$", text, re.MULTILINE)
    assert asked == [block.marker for block in blocks(ROOT / name) if block.marker]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [name for name, page in zip(NAMES, PAGES, strict=True) if any(block.marker == "run" for block in blocks(page))],
)
def test_a_page_does_what_it_says(name: str, tmp_path: Path, python: WarmPython) -> None:
    shop = Workshop(tmp_path, python)
    for block in blocks(ROOT / name):
        if block.marker.startswith("file: "):
            path = tmp_path / block.marker.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.marker == "run" and block.language in SHELL:
            for line in lines(block.text):
                shop.run(shlex.split(line, comments=True))
        elif block.marker == "run":
            shop.call("-c", block.text)


class Workshop:
    """Runs the commands of a page in a folder."""

    def __init__(self, folder: Path, python: WarmPython) -> None:
        self.folder, self.paths, self.python = folder, [folder / "site"], python

    def run(self, words: list[str]) -> None:
        """Run one line: i2ikit and pytest as modules of this interpreter, and pip as said above."""
        if words[:3] == ["pip", "install", "--editable"]:
            self.install(self.folder / words[3].partition("[")[0])
        elif words:
            assert words[0] in ("i2ikit", "pytest"), f"no way to run {words[0]!r}"
            self.call("-m", *words)

    def install(self, package: Path) -> None:
        """Put a package on the path, with the metadata that an editable installation would have written."""
        text = (package / "pyproject.toml").read_text()
        metadata = self.folder / "site" / f"{package.name.replace('-', '_')}-0.1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.name}\nVersion: 0.1.0\n")
        entries = text.partition("[project.entry-points.i2ikit]\n")[2].partition("\n[")[0]
        (metadata / "entry_points.txt").write_text("[i2ikit]\n" + entries.replace('"', ""))
        self.paths.append(package)

    def call(self, *arguments: str) -> None:
        """Run Python in the folder."""
        paths = os.pathsep.join(map(str, [*self.paths, ROOT]))
        done = self.python(*arguments, cwd=self.folder, env={**os.environ, "PYTHONPATH": paths})
        assert done.returncode == 0, f"{shlex.join(arguments)}\n{done.stdout}{done.stderr}"
