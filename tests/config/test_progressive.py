"""Progressive sizes that a network cannot take are found by the check of a config."""

import pytest

from i2ikit.config import find_config, resolve_config
from i2ikit.config.progressive import smaller_shapes
from i2ikit.errors import ConfigError


def test_a_divisor_that_makes_images_too_small_is_an_error_that_names_the_size_and_the_term():
    with pytest.raises(
        ConfigError, match=r"\[\[16, 0\.2\]\]: sides divided by 16 are 4 x 4 pixels, which model\.phases"
    ):
        resolve_config(find_config("cut/stripes"), ["data.progressive=[[16, 0.2]]"])
    assert resolve_config(find_config("cut/stripes"), ["data.progressive=[]"])["data"]["progressive"] == []


def test_the_shapes_of_each_size_keep_batch_and_channels():
    config = {"data": {"progressive": [[4, 0.2], [2, 0.5]]}}
    found = smaller_shapes(config, {"a": (2, 3, 64, 32), "b": (2, 1, 64, 32)})
    assert found == {
        4: {"a": (2, 3, 16, 8), "b": (2, 1, 16, 8)},
        2: {"a": (2, 3, 32, 16), "b": (2, 1, 32, 16)},
    }
