"""Values of a config against the annotations of arguments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from torch import nn

from i2ikit.argument_types import wrong_type


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, int),
        (1, float),
        (1e300, float),
        (True, bool),
        ("x", str),
        ("x", Path | None),
        (None, Path | None),
        ("a", Literal["a", "b"]),
        ([1, 2], tuple[int, int]),
        ([1, 2, 3], tuple[int, ...]),
        ([], Sequence[str]),
        ([1, 2.5], tuple[float, float]),
        ([1, 2.5], Iterable[float]),
        ({"a": {"type": "x"}}, Mapping[str, Any]),
        ([["a"], ["b"]], Sequence[Sequence[str]]),
        ([1, "x", None], list),
        ({"a": 1}, int | Mapping[str, int]),
        (nn.L1Loss(), nn.Module),
        ([nn.L1Loss(), nn.L1Loss()], Sequence[nn.Module]),
        (None, Any),
        (len, Callable[[str], int]),
    ],
)
def test_a_value_that_fits_has_no_message(value, annotation):
    assert wrong_type(value, annotation) == ""


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        (None, str, "must be text, not None; the word none is written with its quotes, '\"none\"'"),
        ([], str, "must be text, not []"),
        (True, int, "must be an integer, not True"),
        (float("nan"), float, "must be a finite number, not nan"),
        (10**400, float, "must be an integer of at most 9223372036854775807, not one of 1329 bits"),
        pytest.param(10**5000, str, "must be text, not <int>", id="too long to print"),
        (1.5, int, "must be an integer, not 1.5"),
        ("2", float, "must be a number, not '2'"),
        (1, bool, "must be True or False, not 1"),
        ("x", int | None, "must be an integer or None, not 'x'"),
        ([1], tuple[int, int], "must be a list of 2, each an integer, not [1]"),
        ([1, "x"], tuple[int, int], "must be a list of 2, each an integer, not [1, 'x']"),
        (["x", {}], Sequence[str], "must be a list, each text, not ['x', {}]"),
        ([1, None], tuple[float, ...], "must be a list, each a number, not [1, None]"),
        (["x"], Sequence[nn.Module], "must be a list, not ['x']"),
        ("x", Sequence[str] | None, "must be a list, each text or None, not 'x'"),
        (3, Mapping[str, int], "must be a dict, each an integer, not 3"),
        ({"a": "x"}, int | Mapping[str, int], "must be an integer or a dict, each an integer, not {'a': 'x'}"),
        ("c", Literal["a", "b"], "must be one of a, b, not 'c'"),
        (None, nn.Module, 'must be dict(type="...", ...), not None'),
        ([None], nn.Module, 'must be dict(type="...", ...), not [None]'),
    ],
)
def test_a_value_that_does_not_fit_has_a_message_that_says_what_is_expected(value, annotation, message):
    assert wrong_type(value, annotation) == message


def test_a_long_value_is_cut():
    assert len(wrong_type("x" * 5000, int)) < 200
