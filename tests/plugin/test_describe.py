"""What the source of a part says about it, held against what an import says."""

import inspect
from collections.abc import Callable

import pytest

from i2ikit.plugin import get_manager
from i2ikit.plugin.describe import describe
from i2ikit.plugin.scan import Declared
from i2ikit.registry import REGISTRIES

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@pytest.fixture
def declare(tmp_path, monkeypatch) -> Callable[[str], Declared]:
    """Write a module with a loss called Toy and return its declaration."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> Declared:
        name = f"toys_{abs(hash(text))}"
        (tmp_path / f"{name}.py").write_text(text)
        return Declared("losses", "Toy", name, "")

    return write


def test_the_source_of_a_built_in_part_says_what_an_import_says():
    described = 0
    for _, part in get_manager().declared():
        found = REGISTRIES[part.registry].module_dict.get(part.name) or REGISTRIES[part.registry].get(part.name)
        description = describe(part)
        if description is None:
            continue
        described += 1
        assert description.docstring == inspect.getdoc(found)
        expected = [each for each in inspect.signature(found).parameters.values() if each.kind not in VARIADIC]
        parameters = [each for each in description.parameters if each.kind not in VARIADIC]
        assert [(each.name, each.kind, each.default) for each in parameters] == [
            (each.name, each.kind, each.default) for each in expected
        ]
        for text, each in zip((each.annotation for each in parameters), expected, strict=True):
            if each.annotation in (bool, int, float, str):
                assert text == each.annotation.__name__
    assert described > 50


def test_arguments_are_inherited_from_a_base_of_the_same_package(declare):
    part = declare("class Base:\n    def __init__(self, tau=0.1, *rest, soft: 'bool' = True, **more): ...\n\n"
                   "class Toy(Base):\n    '''A toy.'''\n")  # fmt: skip
    description = describe(part)
    assert [(each.name, each.default) for each in description.parameters if each.default is not each.empty] == [
        ("tau", 0.1),
        ("soft", True),
    ]
    assert [each.kind.name for each in description.parameters if each.default is each.empty] == [
        "VAR_POSITIONAL", "VAR_KEYWORD",
    ]  # fmt: skip
    assert next(each for each in description.parameters if each.name == "soft").annotation == "bool"


def test_a_class_without_arguments_has_none(declare):
    assert describe(declare("from torch import nn\nclass Toy(nn.Module):\n    '''A toy.'''\n")).parameters == ()


@pytest.mark.parametrize(
    "text",
    [
        "class Toy:\n    def __init__(self): ...\n",
        "class Toy:\n    '''A toy.'''\n    def __init__(self, size=SIZE): ...\n",
        "class Toy:\n    '''A toy.'''\n    def __new__(cls, size): ...\n",
        "class Toy(list):\n    '''A toy.'''\n",
        "from somewhere import Base\nclass Toy(Base):\n    '''A toy.'''\n",
        "@dataclass\n@LOSSES.register_module()\nclass Toy:\n    '''A toy.'''\n",
        "class Toy(",
        "Toy = make()\n",
    ],
)
def test_what_only_an_import_can_tell_is_left_to_it(declare, text):
    assert describe(declare(text)) is None


def test_a_module_that_is_nowhere_is_left_to_an_import():
    assert describe(Declared("losses", "Toy", "toys_that_are_nowhere", "")) is None
