"""Configs by path and by name."""

import pytest

from i2ikit.config import find_config, packaged_configs
from i2ikit.errors import ConfigError


def test_a_path_is_taken_as_it_is(write):
    path = write("mine.py", "seed = 1")
    assert find_config(str(path)) == path


def test_a_packaged_config_is_found_by_name_with_or_without_ending():
    path = find_config("enco/horse2zebra")
    assert path == find_config("enco/horse2zebra.py") == packaged_configs()["enco/horse2zebra"]
    assert path.parts[-2:] == ("enco", "horse2zebra.py")


def test_a_file_comes_before_a_packaged_config_of_that_name(write):
    path = write("enco/horse2zebra.py", "seed = 1")
    assert find_config("enco/horse2zebra.py").resolve() == path


def test_base_files_are_no_configs():
    assert packaged_configs()
    assert not any("_base_" in name for name in packaged_configs())


@pytest.mark.parametrize("name", ["enco/horse2zbra", "configs/enco/horse2zbra.py"])
def test_an_unknown_config_brings_the_nearest_names(name):
    with pytest.raises(ConfigError, match=r"no such file and no packaged config .* Nearest: 'enco/horse2zebra'"):
        find_config(name)


def test_a_folder_is_reported_as_a_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"it is a folder; a config is a file in it"):
        find_config(tmp_path)
