import pytest

from i2ikit.report.naming import column_words


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["a", "ab(a)", "ba(ab(a))"], ["input", "output", "reconstruction"]),
        (["b", "ab(b)"], ["input", "identity"]),
        (["a", "ab(a)", "b"], ["input", "output", "real b"]),
        (["a", "ab(mirror(a))"], ["input", "output"]),
        (["a", "ba(ab(a))", "pool(ab(a))"], ["input", "reconstruction", "output"]),
    ],
)
def test_expressions_have_plain_words(columns: list[str], expected: list[str]):
    assert column_words(columns, ["ab", "ba"]) == expected


def test_without_known_generators_every_name_counts_as_one():
    assert column_words(["a", "ab(a)"]) == ["input", "output"]
