"""Reading parts off the source says what an import would say, and imports nothing."""

import sys

import pytest

from i2ikit.plugin.builtins import i2ikit_components
from i2ikit.plugin.scan import Declared, locate, scan
from i2ikit.registry import REGISTRIES

REGISTERED = (
    "from i2ikit.registry import LOSSES\n@LOSSES.register_module({})\nclass ToyLoss:\n    '''A toy.\n\n    More.'''\n"
)


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    locate.cache_clear()

    def write(text: str, name: str = "scanned") -> str:
        name = f"{name}_{len(list(tmp_path.iterdir()))}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    yield write
    locate.cache_clear()


def test_it_finds_the_built_in_parts_that_an_import_registers():
    scanned = {(part.registry, part.name) for name in i2ikit_components() for part in scan(name).parts}
    core = {
        (registry.plural, name)
        for registry in REGISTRIES.values()
        for name in registry.names()
        if registry.module_dict[name].__module__.startswith("i2ikit.")
    }
    assert scanned == core
    assert all(scan(name).plain for name in i2ikit_components())


def test_name_and_first_line_are_read_without_an_import(write):
    name = write(REGISTERED.format(""))
    assert scan(name).parts == [Declared("losses", "ToyLoss", name, "A toy.")]
    assert scan(name).plain
    assert name not in sys.modules


@pytest.mark.parametrize("argument", ["'Other'", "name='Other'"])
def test_a_given_name_is_read(write, argument):
    assert scan(write(REGISTERED.format(argument))).parts[0].name == "Other"


@pytest.mark.parametrize(
    "text",
    [
        "def (",
        "import nothing_of_that_name",
        "from nothing_of_that_name.deep import x",
        "raise ValueError",
        "import sys\nsys.exit()",
        "1 / 0",
        "from i2ikit.registry import LOSES",
        "from i2ikit.nowhere import x",
        "from i2ikit import registry\n@registry.LOSES.register_module()\nclass A: ...",
        "from i2ikit.registry import LOSSES\n@LOSSES.register_module()\ndef a(): ...",
    ],
)
def test_it_does_not_vouch_for_what_may_fail(write, text):
    assert not scan(write(text)).plain


@pytest.mark.parametrize(
    "text",
    [
        '"""Text."""',
        "import json\nfrom torch import nn\nimport torch.nn.functional as F",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nothing_of_that_name",
        "A = 1\nb: int = 2\ndef c(): ...\nclass D: ...",
    ],
)
def test_it_vouches_for_plain_modules(write, text):
    assert scan(write(text)).plain


def test_a_module_that_is_nowhere_is_not_vouched_for():
    assert not scan("nothing_of_that_name").plain
    assert not scan("json.nothing_of_that_name").plain
    assert not scan("i2ikit.errors.deeper").plain
