"""Configs by path and by name, bases named by their package, and the packages that configs need."""

import textwrap

import pytest

from i2ikit.config import config_origin, find_config, packaged_configs
from i2ikit.config.files import read_config_file
from i2ikit.config.resolve import load_config, resolve_config
from i2ikit.errors import ConfigError
from i2ikit.plugin import get_manager


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """A package `i2ikit-toys` that brings the folder `toys` of the test's working directory."""
    manager, folder = get_manager(), tmp_path / "toys"
    real = manager.config_folders
    monkeypatch.setattr(manager, "config_folders", lambda name="": [folder] if name == "i2ikit-toys" else real(name))
    return folder


def test_a_packaged_file_of_the_core_is_inherited_from_anywhere(write):
    path = write("mine.py", "_base_ = 'i2ikit::cut/horse2zebra.py'\nseed = 5")
    assert load_config(path) == {**load_config(packaged_configs()["cut/horse2zebra"]), "seed": 5}


def test_packages_and_paths_mix_along_the_chain(write, toys):
    write("toys/_base_/methods/toy.py", "_base_ = 'i2ikit::_base_/run.py'\nTAPS = ['stem']\nseed = 1")
    write("toys/toy/small.py", "_base_ = '../_base_/methods/toy.py'\nmodel = dict(taps=_base_.TAPS, seed=_base_.seed)")
    path = write("mine.py", "_base_ = ['i2ikit-toys::toy/small.py', 'extra.py']\nlog = dict(every=2)")
    write("extra.py", "metrics = dict()")
    values = read_config_file(path).values
    assert values["model"] == {"taps": ["stem"], "seed": 1}
    assert values["log"] == {"every": 2}
    assert values["optimizer"]["type"] == "Adam"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("_base_ = [\n    'i2ikit-toys::broken.py',\n]\nseed = 1", r"toys/broken\.py:\n  - line 2: NameError"),
        ("_base_ = [\n    'i2ikit::_base_/run.py',\n]; x = 1\nseed = unknown", r"mine\.py:\n  - line 4: NameError"),
        ("_base_ = 'i2ikit-nowhere::toy/small.py'", r"line 1: _base_ names .* `pip install i2ikit-nowhere`"),
        ("_base_ = 'i2ikit::cut/horse2zebr.py'", r"there is no .*horse2zebr\.py\. Nearest: 'horse2zebra.py'"),
    ],
)
def test_an_error_in_bases_of_packages_names_the_file_and_the_line_or_the_next_step(write, toys, source, message):
    write("toys/broken.py", "seed = 0\nseed = unknown")
    with pytest.raises(ConfigError, match=message):
        read_config_file(write("mine.py", source))


def test_a_config_that_needs_a_missing_plugin_reports_only_which_to_install(tiny):
    text = tiny.read_text() + textwrap.dedent("""
        plugins = ["i2ikit-nowhere"]
        optimizer = dict(type="Adamm")
    """)
    tiny.write_text(text)
    with pytest.raises(ConfigError, match="`pip install i2ikit-nowhere`") as caught:
        resolve_config(tiny)
    assert len(caught.value.errors) == 1
    assert "plugins.0" in caught.value.errors[0]


@pytest.mark.parametrize("wrong", ["'i2ikit-foo'", "[3]", "dict(foo=1)"])
def test_plugins_are_a_list_of_names(tiny, wrong):
    tiny.write_text(f"{tiny.read_text()}\nplugins = {wrong}\n")
    with pytest.raises(ConfigError, match="must be a list of names of packages"):
        resolve_config(tiny)


def test_a_file_behind_the_wrong_package_is_named_with_the_right_one(write):
    with pytest.raises(ConfigError, match=r"i2ikit-unsb has one: write i2ikit-unsb::unsb/stripes\.py\."):
        find_config("i2ikit::unsb/stripes")
    with pytest.raises(ConfigError, match=r"i2ikit has one: write i2ikit::cut/stripes\.py\."):
        read_config_file(write("mine.py", "_base_ = 'i2ikit-unsb::cut/stripes.py'"))


def test_a_known_method_with_another_data_set_is_no_plugin():
    with pytest.raises(ConfigError, match="Nearest: 'cut/stripes'") as caught:
        find_config("cut/stripess")
    assert "pip install" not in str(caught.value)


def test_a_path_is_taken_as_it_is(write):
    path = write("mine.py", "seed = 1")
    assert find_config(str(path)) == path


def test_a_packaged_config_is_found_by_name_with_or_without_its_extension():
    path = find_config("enco/horse2zebra")
    assert path == find_config("enco/horse2zebra.py") == packaged_configs()["enco/horse2zebra"]
    assert path.parts[-2:] == ("enco", "horse2zebra.py")


def test_a_file_comes_before_a_packaged_config_of_that_name(write):
    path = write("enco/horse2zebra.py", "seed = 1")
    assert find_config("enco/horse2zebra.py").resolve() == path


def test_base_files_are_no_configs():
    assert packaged_configs()
    assert not any("_base_" in name for name in packaged_configs())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("enco/horse2zbra", r"no such file and no packaged config .* Nearest: 'enco/horse2zebra'"),
        ("configs/enco/horse2zbra.py", r"no such file and no packaged config .* Nearest: 'enco/horse2zebra'"),
        ("nowhere/stripes", "`pip install i2ikit-nowhere`"),
        ("/", "it is a folder; a config is a file in it"),
    ],
)
def test_an_unknown_config_is_an_error_with_the_nearest_names_or_the_plugin_that_may_bring_it(name, message):
    with pytest.raises(ConfigError, match=message):
        find_config(name)


def test_a_packaged_config_has_its_name_and_its_folder_as_the_method():
    assert config_origin(find_config("cyclegan/apple2orange")) == {
        "config": "cyclegan/apple2orange",
        "method": "cyclegan",
    }


def test_a_config_of_the_user_has_its_path_and_the_method_that_it_inherits(tmp_path):
    (tmp_path / "mine.py").write_text('_base_ = "i2ikit::enco/stripes.py"\n')
    (tmp_path / "bare.py").write_text("seed = 1\n")
    assert config_origin(tmp_path / "mine.py") == {"config": str(tmp_path / "mine.py"), "method": "enco"}
    assert config_origin(tmp_path / "bare.py") == {"config": str(tmp_path / "bare.py")}
