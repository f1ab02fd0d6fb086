"""Plugins are modules behind entry points: here the entry points are fake, and the modules are files in a folder."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from i2ikit.errors import DuplicateComponentError
from i2ikit.plugin import manager as manager_module
from i2ikit.plugin.manager import Manager, PluginInfo
from i2ikit.registry import LOSSES, SAMPLERS

HOOK = "from i2ikit.plugin import hookimpl\n"
PART = """
from i2ikit.registry import {registry}
@{registry}.register_module()
class {name}:
    '''A part of a plugin.'''
"""
Install = Callable[..., Manager]


def components(body: str) -> str:
    """Return a plugin module whose hook for parts does ``body``."""
    return f"{HOOK}@hookimpl\ndef i2ikit_components():\n    {body}\n"


GOOD = components("return ['toys_parts']")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Write modules, announce the named ones as plugins, and return a manager that has loaded everything."""
    monkeypatch.syspath_prepend(tmp_path)
    before = {registry: dict(registry.module_dict) for registry in (LOSSES, SAMPLERS) if registry.names()}

    def make(plugins: dict[str, str], **modules: str) -> Manager:
        for name, text in modules.items():
            path = tmp_path / f"{name.replace('__', '/', 1)}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        entries = [EntryPoint(name, value, "i2ikit") for name, value in plugins.items()]
        monkeypatch.setattr(manager_module, "entry_points", lambda group: entries)
        made = Manager()
        made.load_components()
        return made

    yield make
    for registry, parts in before.items():
        registry.module_dict.clear()
        registry.module_dict.update(parts)
    for name in [name for name in sys.modules if name.startswith("toys")]:
        del sys.modules[name]


def info(manager: Manager, name: str) -> PluginInfo:
    return next(plugin for plugin in manager.plugins if plugin.name == name)


def test_without_plugins_the_built_in_parts_come_by_the_same_hooks(install):
    manager = install({})
    (core,) = manager.plugins
    assert (core.name, core.package, core.error) == ("i2ikit", "i2ikit", "")
    assert "i2ikit.losses.patch_nce" in core.modules
    assert (manager.config_folders()[0] / "cut" / "horse2zebra.py").is_file()


def test_the_parts_of_a_plugin_are_found(install):
    manager = install({"toys": "toys"}, toys=GOOD, toys_parts=PART.format(registry="SAMPLERS", name="ToySampler"))
    assert info(manager, "toys").error == ""
    assert info(manager, "toys").modules == ["toys_parts"]
    assert SAMPLERS.get("ToySampler").__module__ == "toys_parts"
    assert manager.owner("toys_parts") is info(manager, "toys")
    assert manager.owner("somewhere.else") is None


def test_a_package_is_imported_with_its_modules(install):
    part = PART.format(registry="SAMPLERS", name="DeepSampler")
    manager = install({"toys": "toys"}, toys=GOOD, toys_parts____init__="", toys_parts__deep=part)
    assert info(manager, "toys").modules == ["toys_parts", "toys_parts.deep"]
    assert SAMPLERS.get("DeepSampler").__module__ == "toys_parts.deep"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("raise RuntimeError('no luck')", "import of 'toys_bad': RuntimeError: no luck"),
        ("raise SystemExit(3)", "import of 'toys_bad': SystemExit: 3"),
        ("import nothing_of_that_name", "import of 'toys_bad': ModuleNotFoundError: No module named"),
        ("def (", "import of 'toys_bad': SyntaxError"),
        (components("raise ValueError('x')"), "i2ikit_components: ValueError: x"),
        (components("raise SystemExit"), "i2ikit_components: SystemExit"),
        ("class Stop(BaseException): ...\nraise Stop('now')", "import of 'toys_bad': Stop: now"),
        ("raise GeneratorExit", "import of 'toys_bad': GeneratorExit"),
        ("import asyncio\nraise asyncio.CancelledError", "import of 'toys_bad': CancelledError"),
        ("class Odd(Exception):\n    def __str__(self): raise Odd\nraise Odd", "import of 'toys_bad': Odd: <exception"),
        ("def __getattr__(name):\n    raise GeneratorExit(name)", "GeneratorExit"),
        ("def __dir__():\n    raise GeneratorExit('dir')", "import of 'toys_bad': GeneratorExit: dir"),
        (
            components("return 'toys'"),
            "i2ikit_components: PluginError: must return a list of strings or paths, not 'toys'",
        ),
        (components("pass"), "must return a list of strings or paths, not None"),
        (components("return ['toys_no']"), "import of 'toys_no': ModuleNotFoundError"),
        (
            f"{HOOK}@hookimpl\ndef i2ikit_components_(): pass",
            "no hook 'i2ikit_components_'. Nearest: 'i2ikit_components'",
        ),
        (f"{HOOK}@hookimpl\ndef i2ikit_commands(application): pass", "hooks: PluginValidationError"),
        (
            PART.format(registry="LOSSES", name="L1Loss"),
            "import of 'toys_bad': DuplicateComponentError: two losses are",
        ),
        (
            PART.format(registry="LOSSES", name="L1Loss").replace("module()", "module(force=True)"),
            "A part of i2ikit cannot be replaced: rename yours.",
        ),
        *(
            (components("return []").replace("@hookimpl", f"@hookimpl({mark}=True)"), "i2ikit_components is marked")
            for mark in ("tryfirst", "trylast")
        ),
        *(
            (
                f"{HOOK}@hookimpl({mark}=True)\ndef i2ikit_components():\n    return (yield)\n",
                "i2ikit_components is marked with tryfirst, trylast or a wrapper, but plugins are called one by one",
            )
            for mark in ("wrapper", "hookwrapper")
        ),
    ],
)
def test_a_broken_plugin_is_reported_and_affects_no_other(install, text, error):
    part = PART.format(registry="SAMPLERS", name="ToySampler")
    core = LOSSES.get("L1Loss")
    manager = install({"bad": "toys_bad", "toys": "toys"}, toys_bad=text, toys=GOOD, toys_parts=part)
    assert error in info(manager, "bad").error
    assert info(manager, "bad").details
    assert info(manager, "toys").error == ""
    assert SAMPLERS.get("ToySampler").__module__ == "toys_parts"
    assert LOSSES.get("L1Loss") is core
    assert info(manager, "i2ikit").error == ""


@pytest.mark.parametrize("name", ["L1Loss", "ToyLoss"])
def test_a_name_that_is_taken_is_reported_with_both_owners_and_using_it_is_an_error(install, monkeypatch, name):
    part = PART.format(registry="LOSSES", name=name)
    plugins = {"a_toys": "toys", "b_toys": "toys_second"}
    manager = install(
        plugins,
        toys=GOOD,
        toys_parts=PART.format(registry="LOSSES", name="ToyLoss"),
        toys_second____init__=GOOD.replace("toys_parts", "toys_second.more"),
        toys_second__more=part,
    )
    assert info(manager, "a_toys").error == ""
    assert f"two losses are called '{name}'" in info(manager, "b_toys").error
    assert "toys_second.more" in info(manager, "b_toys").error
    if name == "ToyLoss":  # of two plugins; a name of the core keeps its class
        monkeypatch.setattr("i2ikit.registry.get_manager", lambda: manager)
        message = (
            r"toys_parts\.ToyLoss of the plugin 'a_toys' \(\? \?\) and "
            r"toys_second\.more\.ToyLoss of the plugin 'b_toys' \(\? \?\)\. .*switch one plugin off"
        )
        with pytest.raises(DuplicateComponentError, match=message):
            LOSSES.get("ToyLoss")
    LOSSES.contested.clear()


def test_a_part_that_fails_leaves_the_plugins_other_modules_in_use(install):
    text = GOOD.replace("['toys_parts']", "['toys_wrong', 'toys_parts']")
    part = PART.format(registry="SAMPLERS", name="ToySampler")
    manager = install({"toys": "toys"}, toys=text, toys_wrong="1 / 0", toys_parts=part)
    assert "ZeroDivisionError" in info(manager, "toys").error
    assert info(manager, "toys").modules == ["toys_parts"]


def test_a_module_that_fails_leaves_the_modules_after_it_in_use(install):
    parts = {f"{name}Sampler": PART.format(registry="SAMPLERS", name=f"{name}Sampler") for name in ("First", "Last")}
    manager = install(
        {"toys": "toys"},
        toys=GOOD,
        toys_parts____init__="",
        toys_parts__a_first=parts["FirstSampler"],
        toys_parts__b_wrong="1 / 0",
        toys_parts__c_last=parts["LastSampler"],
    )
    assert "import of 'toys_parts.b_wrong': ZeroDivisionError" in info(manager, "toys").error
    assert info(manager, "toys").modules == ["toys_parts", "toys_parts.a_first", "toys_parts.c_last"]
    assert {"FirstSampler", "LastSampler"} <= set(SAMPLERS.module_dict)


def test_what_a_plugin_prints_is_not_part_of_the_output(install, capsys):
    talking = "print('hello from the import')\n"
    hook = components("print('hello from the hook'); return ['toys_parts']")
    install({"toys": "toys"}, toys=talking + hook, toys_parts=talking)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("hello from the import") == 2
    assert "hello from the hook" in written.err


def test_two_entry_points_of_one_module_are_reported(install):
    manager = install({"toys": "toys", "again": "toys"}, toys=GOOD, toys_parts="")
    again, second = manager.plugins[1:]
    assert (again.error, again.modules) == ("", ["toys_parts"])
    assert second.error == "entry point: PluginError: it names the same module as the entry point 'again' of ? ?"


def test_what_is_not_marked_as_a_hook_is_not_called(install):
    manager = install({"toys": "toys"}, toys="def i2ikit_components():\n    raise ValueError('called')")
    assert "has no hook of i2ikit. i2ikit_components is not marked with @hookimpl." in info(manager, "toys").error
    assert info(manager, "toys").modules == []


def test_a_plugin_cannot_have_the_name_of_the_core(install):
    text = GOOD.replace("toys_parts", "toys_nothing")
    manager = install({"i2ikit": "toys"}, toys=text)
    core, other = manager.plugins
    assert core.error == ""
    assert "i2ikit.losses" in core.modules
    assert "'i2ikit' is an entry point of i2ikit" in other.error
    assert other.modules == []


def test_folders_of_configs_come_after_the_built_in_one(install, tmp_path):
    good = f"{HOOK}@hookimpl\ndef i2ikit_configs():\n    return [{str(tmp_path)!r}]"
    bad = f"{HOOK}@hookimpl\ndef i2ikit_configs():\n    return 3"
    manager = install({"toys": "toys", "worse": "toys_worse"}, toys=good, toys_worse=bad)
    assert manager.config_folders()[1:] == [tmp_path]
    assert "i2ikit_configs: PluginError: must return a list of strings or paths, not 3" in info(manager, "worse").error


def test_each_plugin_adds_commands_to_an_application_of_its_own(install):
    text = f"{HOOK}@hookimpl\ndef i2ikit_commands(app):\n    app.append('hello')"
    broken = f"{HOOK}@hookimpl\ndef i2ikit_commands(app):\n    1 / 0"
    manager = install({"toys": "toys", "broken": "toys_broken"}, toys=text, toys_broken=broken)
    apps: dict[str, list[str]] = {}
    manager.add_commands(lambda plugin: apps.setdefault(plugin.name, []))
    assert apps == {"toys": ["hello"], "broken": []}
    assert "ZeroDivisionError" in info(manager, "broken").error


def test_the_first_error_of_a_plugin_is_kept():
    plugin = PluginInfo("x", "x", "1")
    plugin.fail("first", ValueError("a"))
    plugin.fail("second", KeyError("b"))
    assert plugin.error == "first: ValueError: a"
    assert "ValueError: a" in plugin.details


def test_finding_plugins_does_not_import_their_parts(install, monkeypatch):
    install({"toys": "toys"}, toys=GOOD, toys_parts="")
    del sys.modules["toys_parts"]
    fresh = Manager()
    assert "toys_parts" not in sys.modules
    fresh.load_components()
    assert "toys_parts" in sys.modules


def test_required_plugins_are_found_by_package_or_entry_point(install, monkeypatch):
    manager = install({"toys": "toys", "bad": "toys_bad"}, toys=GOOD, toys_parts="", toys_bad="1 / 0")
    info(manager, "toys").package, info(manager, "toys").version = "i2ikit-toys", "0.2"
    assert not any(map(manager.problem, ["toys", "i2ikit-toys", "I2IKit_Toys>=0.1", "i2ikit"]))
    absent, old, broken, odd = map(manager.problem, ["i2ikit-none>=2", "i2ikit-toys>=0.3", "bad", "no name"])
    for other in ("i2ikit-x @ https://example.org/x.whl", "i2ikit-x[evil]", "i2ikit-x; python_version > '3'"):
        assert "is not the name of a package" in manager.problem(other)
    assert absent == "the plugin 'i2ikit-none' is not installed: `pip install \"i2ikit-none>=2\"`"
    assert old == "the plugin 'toys' (i2ikit-toys 0.2) is not '>=0.3': `pip install \"i2ikit-toys>=0.3\"`"
    assert broken.startswith("the plugin 'bad' (? ?), which is broken: import of 'toys_bad': ZeroDivisionError")
    assert odd == "'no name' is not the name of a package, such as 'i2ikit-foo' or 'i2ikit-foo>=0.2'"


@pytest.mark.parametrize(
    ("value", "off"),
    [("", []), ("0", []), ("toys", ["toys"]), ("all", ["more", "toys"]), ("1", ["more", "toys"])],
)
def test_plugins_are_switched_off_by_name(install, monkeypatch, value, off):
    monkeypatch.setenv("I2IKIT_DISABLE_PLUGINS", value)
    more = GOOD.replace("toys_parts", "toys_nothing")
    manager = install({"toys": "toys", "more": "toys_more"}, toys=GOOD, toys_parts="", toys_more=more, toys_nothing="")
    assert [plugin.name for plugin in manager.plugins if plugin.state == "off"] == off
    assert ("toys" in sys.modules) is ("toys" not in off)


def test_an_unknown_name_to_switch_off_is_reported_with_the_nearest(install, monkeypatch, caplog):
    monkeypatch.setenv("I2IKIT_DISABLE_PLUGINS", "Toys, tois")
    install({"toys": "toys"}, toys=GOOD, toys_parts="")
    (message,) = (record.message for record in caplog.records)
    assert message.startswith("I2IKIT_DISABLE_PLUGINS names 'tois', but there is no such plugin. Nearest: 'toys'. List")


def test_a_slow_import_is_reported(install, monkeypatch, caplog):
    monkeypatch.setattr(manager_module, "SLOW", 0.0)
    manager = install({"toys": "toys"}, toys=GOOD, toys_parts="")
    assert info(manager, "toys").notice.startswith("the import of 'toys' took")
    assert info(manager, "toys").state == "ready"
    assert "the plugin 'toys' (? ?) is slow" in caplog.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("x", name="ot.lp"), "Install the package that has the module 'ot'"),
        (ValueError("x"), "pip install --upgrade i2ikit-toys"),
    ],
)
def test_a_broken_plugin_has_advice_for_its_kind_of_error(error, words):
    plugin = PluginInfo("toys", "i2ikit-toys", "1")
    plugin.fail("import", error)
    assert words in plugin.advice
