import pytest

from i2ikit.translation.expressions import Expression, parse

A = Expression("a")


def test_an_image_is_a_name_or_a_function_of_images():
    assert parse("a") == A
    assert parse("ba(ab(a))") == Expression("ba", (Expression("ab", (A,)),))
    assert parse("mix(b, ab(a))") == Expression("mix", (Expression("b"), Expression("ab", (A,))))


@pytest.mark.parametrize("text", ["a", "ab(a)", "ba(ab(mirror(a)))", "mix(b, ab(a))"])
def test_its_text_is_what_it_was_parsed_from(text):
    assert str(parse(text)) == text


def test_blanks_mean_nothing():
    assert parse(" ab( mirror(a) ) ") == parse("ab(mirror(a))")
    assert str(parse("mix(b,ab(a))")) == "mix(b, ab(a))"


def test_it_is_walked_from_the_outside_in():
    assert [str(part) for part in parse("mix(b, ab(a))").walk()] == ["mix(b, ab(a))", "b", "ab(a)", "a"]


def test_functions_and_images_are_separate():
    image = parse("mix(b, ab(mirror(a)))")
    assert image.functions() == {"mix", "ab", "mirror"}
    assert image.images() == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "dropped", "left"),
    [
        ("ab(mirror(a))", {"mirror"}, "ab(a)"),
        ("mirror(ab(mirror(a)))", {"mirror"}, "ab(a)"),
        ("mix(mirror(b), ab(a))", {"mix", "mirror"}, "b"),
        ("ab(mirror(a))", set(), "ab(mirror(a))"),
        ("mirror(jitter(a))", {"mirror", "jitter"}, "a"),
    ],
)
def test_what_is_dropped_is_replaced_by_its_first_image(text, dropped, left):
    assert str(parse(text).without(dropped.__contains__)) == left


def test_a_real_image_is_never_dropped():
    assert parse("a").without(lambda name: True) == A


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ab(",
            "ab()",
            "ab(a))",
            "a b",
            "ab(a) + b",
            "ab(*a)",
            "ab(**a)",
            "3",
            "'a'",
            "x.ab(a)",
            "None",
            "a.mask",
        ),
        *("ab(a, True)", "ab(a, 1e999)", "ab(a, 'x')", "ab(a, -a)", "ab(a, 1j)", "ab(a).mask.mask", "(a, b)", "-1"),
    ],
)
def test_anything_else_is_refused_with_examples(text):
    with pytest.raises(
        ValueError, match=r"is not an image expression; they look like 'a', 'ab\(a\)' or 'ba\(ab\(a\)\)'"
    ):
        parse(text)
