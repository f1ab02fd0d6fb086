"""A resolved config as Python."""

import pytest

from i2ikit.config import dump_config, load_config
from i2ikit.config.dump import WIDTH


@pytest.mark.parametrize(
    ("config", "source"),
    [
        ({"seed": 0}, "seed = 0\n"),
        ({"log": {"every": 50}}, "log = dict(every=50)\n"),
        ({"a": "it's", "b": 'x"y', "c": "plain", "d": None}, 'a = "it\'s"\nb = \'x"y\'\nc = "plain"\nd = None\n'),
        ({"groups": {"heads.f": {"lr": 1e-05}}}, 'groups = {"heads.f": dict(lr=1e-05)}\n'),
        ({"x": [], "y": {}, "z": [[1, 2.5], True]}, "x = []\ny = dict()\nz = [[1, 2.5], True]\n"),
        ({"x": {"lambda": 1}}, 'x = {"lambda": 1}\n'),
        ({"x": float("inf")}, 'x = float("inf")\n'),
    ],
)
def test_short_values_are_on_one_line(config, source):
    assert dump_config(config) == source


def test_long_values_are_broken_so_that_no_line_is_wide():
    part = {"type": "ResNetGenerator", "filters": 64, "blocks": 9, "antialias": True}
    source = dump_config({"model": {"generators": {"ab": part, "ba": part}, "taps": ["stem"] * 40, "a.b": [part] * 3}})
    assert max(map(len, source.splitlines())) <= WIDTH
    assert source.startswith("model = {\n    ")


def test_the_source_gives_the_config_back(tiny, write):
    config = load_config(tiny)
    assert load_config(write("again.py", dump_config(config))) == config
