from typing import Any

import pytest

from i2ikit.build import Builder, is_part, registry_of_argument
from i2ikit.registry import LOSSES, METRICS, NEGATIVES, SAMPLERS, TERMS, TRANSFORMS, Registry

TOYS = Registry("toy", "toys")


@TOYS.register_module()
class Ball:
    def __init__(self, size: int, color: str = "red", *, loss: Any = None) -> None:
        if size < 0:
            raise ValueError(f"size must not be {size}")
        self.size, self.color, self.loss = size, color, loss


@TOYS.register_module()
class Anything:
    def __init__(self, **options: Any) -> None:
        self.options = options


def build(config: Any, **given: Any) -> Any:
    builder = Builder()
    made = builder.part(TOYS, config, "model.toy", **given)
    assert not builder.errors
    return made


def errors(config: Any, **given: Any) -> list[tuple[str, str]]:
    builder = Builder()
    assert builder.part(TOYS, config, "model.toy", **given) is None
    return [(error.path, error.message) for error in builder.errors]


def test_a_dict_becomes_the_object_that_it_describes():
    ball = build({"type": "Ball", "size": 3, "color": "blue"})
    assert isinstance(ball, Ball)
    assert (ball.size, ball.color) == (3, "blue")


def test_a_part_inside_a_part_is_built_first():
    assert build({"type": "Ball", "size": 1, "loss": {"type": "L1Loss"}}).loss.__class__ is LOSSES.get("L1Loss")


@pytest.mark.parametrize("sequence", [list, tuple])
def test_several_parts_of_one_argument_are_built_one_by_one(sequence):
    losses = build({"type": "Ball", "size": 1, "loss": sequence([{"type": "L1Loss"}, {"type": "SmoothL1Loss"}])}).loss
    assert [type(loss).__name__ for loss in losses] == ["L1Loss", "SmoothL1Loss"]


def test_a_dict_that_describes_no_part_stays_a_dict():
    assert build({"type": "Anything", "loss": {"weight": 2}}).options == {"loss": {"weight": 2}}


def test_arguments_of_the_caller_fill_those_that_the_config_leaves_unset():
    assert build({"type": "Ball"}, size=4, weight=9).size == 4
    assert build({"type": "Ball", "size": 2}, size=4).size == 2
    assert build({"type": "Anything"}, size=4).options == {"size": 4}


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        (3, "model.toy", 'a toy is written as dict(type="...", ...), not 3'),
        ({"size": 3}, "model.toy", "a toy is written as dict(type=\"...\", ...), not {'size': 3}"),
        ({"type": Ball}, "model.toy", 'a toy is written as dict(type="...", ...), not'),
        ({"type": "Bal"}, "model.toy.type", "no toy is called 'Bal'. Nearest: 'Ball'."),
        ({"type": "Ball"}, "model.toy", "Ball needs the argument 'size'"),
        (
            {"type": "Ball", "size": 1, "colour": "x"},
            "model.toy.colour",
            "Ball has no argument 'colour'. Nearest: 'color'.",
        ),
        ({"type": "Ball", "size": 1, "z": 1}, "model.toy.z", "Ball has no argument 'z'. It takes: size, color, loss."),
        ({"type": "Ball", "size": -1}, "model.toy", "Ball refused its arguments: size must not be -1"),
        ({"type": "Ball", "size": "x"}, "model.toy.size", "must be an integer, not 'x'"),
        ({"type": "Ball", "size": 1, "loss": {"type": "L2"}}, "model.toy.loss.type", "no loss is called 'L2'."),
        ({"type": "Ball", "size": 1, "loss": [{"type": "L2"}]}, "model.toy.loss.0.type", "no loss is called 'L2'."),
        (
            {"type": "Ball", "size": 1, "loss": {"type": "SmoothL1Loss", "beta": 0}},
            "model.toy.loss",
            "SmoothL1Loss refused its arguments: beta must be above 0, not 0",
        ),
    ],
)
def test_an_error_is_recorded_with_its_key_path(config, path, message):
    ((where, found),) = errors(config)
    assert where == path
    assert found.startswith(message)


def test_all_errors_of_a_part_are_recorded():
    found = errors({"type": "Ball", "colour": 1, "loss": {"type": "SmoothL1Loss", "bta": 1}})
    assert [path for path, _ in found] == ["model.toy.loss.bta", "model.toy.colour", "model.toy"]


def test_a_prepared_part_is_checked_but_not_made_yet():
    builder = Builder()
    make = builder.prepare(TOYS, {"type": "Ball", "size": -1}, "model.toy")
    assert builder.errors == []
    with pytest.raises(ValueError, match="size must not be -1"):
        make()
    assert builder.prepare(TOYS, {"type": "Ball"}, "model.toy") is None
    assert len(builder.errors) == 1


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("loss", LOSSES),
        ("losses", LOSSES),
        ("patch_loss", LOSSES),
        ("sampler", SAMPLERS),
        ("negatives", NEGATIVES),
        ("transform", TRANSFORMS),
        ("terms", TERMS),
        ("metric", METRICS),
        ("gloss", None),
        ("loss_weight", None),
        ("size", None),
    ],
)
def test_the_last_word_of_an_argument_is_its_kind(name, registry):
    assert registry_of_argument(name) is registry


def test_a_part_is_a_mapping_with_a_type():
    assert is_part({"type": "Ball"})
    assert not any(map(is_part, ({"size": 1}, "Ball", ["type"], None)))
