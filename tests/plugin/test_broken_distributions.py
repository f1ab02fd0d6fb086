"""Broken plugins as pip would have installed them: every command that does not use them works, and each is named."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.warm import WarmPython

ROOT = Path(__file__).parents[2]
HOOK = "from i2ikit.plugin import hookimpl\n@hookimpl\ndef i2ikit_components():\n    return ['{parts}']\n"
PART = "from i2ikit.registry import LOSSES\n{before}\n@LOSSES.register_module()\nclass {name}:\n    '''A toy.'''\n"

# name: (hooks' module, parts' module, additional metadata, a word of the message)
BROKEN = {
    "dependency": (None, "import nothing_of_that_name\n", "", "the module 'nothing_of_that_name'"),
    "duplicate": (None, PART.format(before="", name="L1Loss"), "", "two losses are called 'L1Loss'"),
    "signature": (
        "from i2ikit.plugin import hookimpl\n@hookimpl\ndef i2ikit_commands(application): ...",
        None,
        "",
        "application",
    ),
    "newer": ("raise RuntimeError", None, "Requires-Dist: i2ikit>=99\n", "it needs i2ikit>=99, and this is"),
    "registry": (None, "from i2ikit.registry import LOSES\n", "", "no registry 'LOSES'. Nearest: 'LOSSES'"),
    "raising": (None, PART.format(before="1 / 0", name="RaisingLoss"), "", "ZeroDivisionError"),
}
SCRIPT = """
import sys, time
import i2ikit.plugin.manager as manager
from i2ikit.cli.app import app

clock = iter(range(0, 10**9, 6))  # every import seems to take six seconds
manager.monotonic = lambda: next(clock)
for line in sys.stdin.read().splitlines():
    code = 0
    try:
        app(line.split(), prog_name="i2ikit")
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    print(f"=== {code}", flush=True)
    print(f"=== {code}", file=sys.stderr, flush=True)
"""


def install(
    folder: Path,
    name: str,
    hooks: str | None,
    parts: str | None,
    metadata: str = "",
    entry: str = "",
    entry_name: str = "",
) -> None:
    """Write the files of a distribution i2ikit-NAME."""
    package = folder / f"toy_{name}"
    package.mkdir()
    (package / "__init__.py").write_text(HOOK.format(parts=f"toy_{name}.parts") if hooks is None else hooks)
    if parts is not None:
        (package / "parts.py").write_text(parts)
    info = folder / f"i2ikit_{name}-0.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: i2ikit-{name}\nVersion: 0.3\n{metadata}")
    (info / "entry_points.txt").write_text(f"[i2ikit]\n{entry_name or name} = {entry or package.name}\n")


def run(python: WarmPython, folder: Path, *lines: str, **environment: str) -> list[tuple[int, str, str]]:
    """Run commands one after the other in one process; return exit code, output and errors of each."""
    paths = {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT), *sys.path])}
    done = python("-c", SCRIPT, input="\n".join(lines), cwd=folder, env={**os.environ, **paths, **environment})
    assert done.returncode == 0, done.stderr
    outputs, errors = (text.split("=== ") for text in (done.stdout, done.stderr))
    codes = [int(text.partition("\n")[0]) for text in outputs[1:]]
    bodies = [
        [text.partition("\n")[2] if i else text for i, text in enumerate(each)][:-1] for each in (outputs, errors)
    ]
    return list(zip(codes, *bodies, strict=True))


def switched_off(table: str) -> set[str]:
    """Return the names of the plugins that a table of `i2ikit plugins` shows as off."""
    return {line.split()[0] for line in table.splitlines() if " off " in line}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with every broken plugin, one that points to nothing, and one that works."""
    for name, (hooks, parts, metadata, _) in BROKEN.items():
        install(tmp_path, name, hooks, parts, metadata)
    install(tmp_path, "nothing", "", None, entry="toy_nothing:plugin")
    install(tmp_path, "working", None, PART.format(before="", name="WorkingLoss"))
    return tmp_path


@pytest.mark.slow
def test_broken_plugins_are_named_and_do_not_stop_other_commands(shelf, python):
    config = shelf / "mine.py"
    config.write_text(
        '_base_ = "i2ikit::enco/stripes.py"\n'
        'CONTENT = dict(loss=dict(type="WorkingLoss"))\n'
        "model = dict(phases=dict(generate=dict(terms=dict(content=CONTENT))))\n"
    )
    using = "model.phases.generate.terms.content.loss.type=RaisingLoss"
    plugins, losses, configs, resolved, show, check, used, alone = run(
        python,
        shelf,
        "plugins",
        "list losses",
        "list configs",
        "config mine.py",
        "show losses L1Loss",
        "check enco/stripes",
        f"check enco/stripes --set {using}",
        "check enco/stripes --set model.phases.generate.terms.content.loss.type=WorkinLoss",
    )
    assert [each[0] for each in (plugins, losses, configs, resolved, show, check)] == [0] * 6
    assert re.search(r"^enco/ .*\bstripes\b", configs[1], re.MULTILINE)
    assert 'type="WorkingLoss"' in resolved[1]
    listed = " ".join(plugins[1].split())
    for name, (_, _, _, words) in {**BROKEN, "nothing": (0, 0, "", "AttributeError")}.items():
        assert f"{name} i2ikit-{name} 0.3 broken" in listed
        assert words in listed.partition(f"broken {name}:")[2].partition("See the traceback")[0]
    assert "working i2ikit-working 0.3 ready 1 loss" in listed
    assert "slow working: the import of" in listed
    assert "WorkingLoss" in losses[1]
    assert "RaisingLoss" not in losses[1]
    assert "module   i2ikit.losses.pixel" in show[1]
    assert used[0] == 2
    message = (
        "It may be a part of the plugin 'raising' (i2ikit-raising 0.3), which is broken: import of 'toy_raising.parts'"
    )
    assert message in used[2]
    assert "pip install --upgrade i2ikit-raising" in used[2]
    assert "Traceback" not in used[2]
    assert "Nearest: 'WorkingLoss'" in alone[2]


@pytest.mark.slow
def test_plugins_that_are_switched_off_are_not_imported(shelf, python):
    plugins, used = run(
        python,
        shelf,
        "plugins",
        "show losses WorkingLoss",
        I2IKIT_DISABLE_PLUGINS=",".join(["working", "i2ikit-nothing", *BROKEN]),
    )
    assert switched_off(plugins[1]) >= {"working", "nothing", *BROKEN}
    assert "broken" not in plugins[1]
    assert used[0] == 2
    assert "the plugin 'working' (i2ikit-working 0.3), which is switched off" in used[2]


def test_no_plugins_switches_all_of_them_off(shelf, python):
    plugins, listed = run(python, shelf, "--no-plugins plugins", "list losses --no-plugins")
    assert switched_off(plugins[1]) >= {"working", "nothing", *BROKEN}
    assert "ready" not in plugins[1].partition("i2ikit ")[2].partition("\n")[2]
    assert "WorkingLoss" not in listed[1]
    assert "L1Loss" in listed[1]
