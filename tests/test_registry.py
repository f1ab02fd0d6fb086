import subprocess
import sys

import pytest

from i2ikit.errors import DuplicateComponentError, UnknownComponentError
from i2ikit.registry import LOSSES, REGISTRIES, Registry
from tests.core_parts import core_parts


@pytest.fixture
def registry() -> Registry:
    return Registry("toy", "toys")


def test_a_class_is_found_by_its_name(registry):
    @registry.register_module()
    class Ball:
        pass

    assert registry.get("Ball") is Ball
    assert registry.names() == ["Ball"]


def test_a_class_may_have_another_name_in_the_registry(registry):
    @registry.register_module("Round")
    class Ball:
        pass

    assert registry.get("Round") is Ball
    assert registry.names() == ["Round"]


def test_an_unknown_name_is_an_error_with_the_nearest(registry):
    @registry.register_module()
    class Ball:
        pass

    with pytest.raises(
        UnknownComponentError, match=r"no toy is called 'Bal'\. Nearest: 'Ball'\. 1 registered; .* list toys"
    ):
        registry.get("Bal")


def test_a_dotted_name_imports_nothing(registry):
    with pytest.raises(UnknownComponentError, match=r"no toy is called 'torch\.nn\.Linear'"):
        registry.get("torch.nn.Linear")
    with pytest.raises(UnknownComponentError, match=r"no loss is called 'i2ikit\.L1Loss'"):
        LOSSES.get("i2ikit.L1Loss")


def test_a_name_is_taken_once_and_the_error_names_both(registry):
    def make() -> type:
        class Ball:
            pass

        return Ball

    registry.register_module()(make())
    with pytest.raises(
        DuplicateComponentError, match=r"two toys are called 'Ball': .*make.*Ball and .*make.*Ball\. Rename"
    ):
        registry.register_module()(make())
    second = make()
    registry.register_module(force=True)(second)
    assert registry.get("Ball") is second


def test_only_classes_are_registered(registry):
    with pytest.raises(TypeError, match="toys hold classes; 3 is not one"):
        registry.register_module()(3)


def test_the_decorator_returns_the_class(registry):
    class Ball:
        pass

    assert registry.register_module()(Ball) is Ball


@pytest.mark.parametrize("plural", sorted(REGISTRIES))
def test_the_built_in_parts_of_every_kind_are_there_without_an_import(plural):
    registry = REGISTRIES[plural]
    assert registry.plural == plural
    assert core_parts(registry)
    assert all(part.__doc__ for part in core_parts(registry).values())


def test_a_part_of_the_core_keeps_its_name():
    core = LOSSES.get("L1Loss")
    with pytest.raises(
        DuplicateComponentError, match=r"two losses are called 'L1Loss': i2ikit\.losses\.pixel\.L1Loss and"
    ):
        LOSSES.register_module("L1Loss")(type("Mine", (), {}))
    assert LOSSES.get("L1Loss") is core


FIRST = """
from i2ikit.errors import DuplicateComponentError
from i2ikit.registry import LOSSES
try:
    LOSSES.register_module()(type("L1Loss", (), {"__module__": "outside"}))
except DuplicateComponentError as error:
    print(error)
print(LOSSES.get("L1Loss").__module__)
"""


@pytest.mark.slow
def test_a_plugin_that_is_imported_first_cannot_take_a_name_of_the_core():
    printed = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "i2ikit.losses.pixel.L1Loss and outside.L1Loss" in printed[0]
    assert printed[1] == "i2ikit.losses.pixel"
