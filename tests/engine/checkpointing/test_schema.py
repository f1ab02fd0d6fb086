"""What the fields of a checkpoint have to be."""

import pytest
import torch

from i2ikit.config.sections import integer
from i2ikit.engine.checkpointing.schema import ANY, find_mismatch, find_odd_weight

SCHEMA = {"count": integer(0), "names?": [str], "parts?": {str: {"type": str}}, "any": ANY}
FINE = {"count": 3, "any": None, "unknown": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (FINE, ""),
        ({**FINE, "names": ("a", "b"), "parts": {"x": {"type": "A"}}}, ""),
        ([], "it must be a dict, not a list"),
        ({"any": 1}, "it has no 'count'"),
        ({**FINE, "count": -1}, "count must be an integer of at least 0, not -1"),
        ({**FINE, "count": True}, "count must be an integer of at least 0, not True"),
        ({**FINE, "names": "ab"}, "names must be a list, not a str"),
        ({**FINE, "names": None}, "names must be a list, not None"),
        ({**FINE, "names": ["a", 2]}, "names.1 must not be a int"),
        ({**FINE, "parts": {1: {}}}, "parts has the key 1"),
        ({**FINE, "parts": {"x": {}}}, "it has no 'parts.x.type'"),
    ],
)
def test_the_first_field_that_is_wrong_is_named(value, expected):
    assert find_mismatch(value, SCHEMA) == expected


def test_a_state_dict_holds_tensors_and_extra_states():
    assert find_odd_weight({"a": torch.ones(1), "views.pool._extra_state": {}}) == ""
    assert find_odd_weight({"a": "text"}) == "model.a must be a tensor, not a str"
