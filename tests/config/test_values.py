"""What the text after `--set key=` means."""

import pytest

from i2ikit.config.values import parse_value


@pytest.mark.parametrize("text", ["{a: &a [*a]}", "[*a]", "{**a}", "[&a 1, *a]"])
def test_anchors_and_aliases_are_refused(text):
    with pytest.raises(ValueError, match="anchors and aliases"):
        parse_value(text)


@pytest.mark.parametrize("text", ["1e999", "[1, -1e999]", "{x: 1e999}"])
def test_a_number_that_is_not_finite_is_refused(text):
    with pytest.raises(ValueError, match=r"^must be a finite number, not -?inf$"):
        parse_value(text)


@pytest.mark.parametrize("text", ["9" * 400, "0x" + "f" * 5000, str(2**63)])
def test_an_integer_of_more_than_64_bits_is_refused(text):
    with pytest.raises(ValueError, match=r"^must be an integer of at most 9223372036854775807, not one of \d+ bits$"):
        parse_value(text)


def test_a_value_that_is_nested_too_deeply_is_refused():
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_value("-" * 20000 + "1")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("-2", -2),
        ("0.5", 0.5),
        ("5e-5", 5e-5),  # YAML 1.1 would call this text
        ("1.", 1.0),
        ("true", True),
        ("True", True),
        ("false", False),
        ("none", None),
        ("None", None),
        ("null", None),
        ("~", None),
        ("no", "no"),  # YAML 1.1 would call this False
        ("text", "text"),
        ('"2"', "2"),
        ("'a b'", "a b"),
        ("a b", "a b"),
        ("datasets/horse2zebra", "datasets/horse2zebra"),
        ("2024-01-31", "2024-01-31"),
        ("010", "010"),
        ("ab(a)", "ab(a)"),
        ("[1, 2]", [1, 2]),
        ("(1, 2)", [1, 2]),
        ("0.5,0.999", [0.5, 0.999]),
        ("[stem, up2]", ["stem", "up2"]),
        ("[[stem, up2], ['5', 5e-5]]", [["stem", "up2"], ["5", 5e-5]]),
        ("[a/b, 'c d', 1]", ["a/b", "c d", 1]),
        ("[]", []),
        ("{type: L1Loss}", {"type": "L1Loss"}),
        ('{"type": "L1Loss", "x": none}', {"type": "L1Loss", "x": None}),
        ("{root: a/b, split: test, n: 1e-3}", {"root": "a/b", "split": "test", "n": 1e-3}),
        ("dict(type=L1Loss)", {"type": "L1Loss"}),
        ('dict(type="Until", epoch=3, inner=dict(x=[1]))', {"type": "Until", "epoch": 3, "inner": {"x": [1]}}),
        ("dict()", {}),
        ("[unclosed", "[unclosed"),
        ("{1: 2}", {"1": 2}),
        ("1+2j", "1+2j"),
        ("__import__('os')", "__import__('os')"),
        (" 3 ", 3),
    ],
)
def test_a_value_means_what_it_looks_like(text, value):
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)
