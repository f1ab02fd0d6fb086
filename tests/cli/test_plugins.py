"""`i2ikit plugins`."""

import os
import subprocess
import sys

import pytest

from i2ikit import __version__
from i2ikit.plugin import PluginInfo, get_manager


def test_the_built_in_parts_stand_first(run):
    lines = run("plugins").out.splitlines()
    assert lines[1].split()[:3] == ["i2ikit", "i2ikit", __version__]
    assert "losses" in " ".join(lines)


@pytest.mark.parametrize(("options", "seen"), [([], False), (["--verbose"], True)])
def test_a_broken_plugin_is_named_with_its_cause(run, monkeypatch, options, seen):
    broken = PluginInfo("bad", "i2ikit-bad", "0.1")
    try:
        raise ImportError("no module called 'nowhere'")
    except ImportError as error:
        broken.fail("import of 'bad'", error)
    monkeypatch.setattr(get_manager(), "plugins", [*get_manager().plugins, broken])
    outcome = run("plugins", *options)
    assert outcome.code == 0
    assert "broken bad: import of 'bad': ImportError: no module called 'nowhere'" in outcome.out
    assert ("Traceback" in outcome.out) is seen


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["plugins"], ["list"], ["list", "losses"], ["list", "configs"], ["show", "losses", "PatchNCELoss"]]
)
def test_parts_are_listed_and_shown_without_importing_torch(arguments):
    script = (
        "import sys\nfrom i2ikit.cli.app import app\n"
        f"try:\n    app({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert 'torch' not in sys.modules"
    )
    environment = {**os.environ, "I2IKIT_DISABLE_PLUGINS": "all"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert any(word in done.stdout for word in ("losses", "PatchNCELoss", "cut/stripes"))
