"""`i2ikit plugins`."""

import pytest

from i2ikit.plugin import PluginInfo, get_manager
from i2ikit.version import __version__


def test_the_built_in_parts_come_first(run):
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
