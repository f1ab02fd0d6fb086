import pytest

from i2ikit.translation.expressions import parse
from i2ikit.translation.outputs import declared_outputs, domain_of, domains_of, entered_by, expanded, real_images


def test_without_names_each_generator_of_two_domains_is_an_output():
    assert declared_outputs({"generators": {"ab": {}, "vgg": {}, "ba": {}, "bc": {}}}) == {"ab": "ab(a)", "ba": "ba(b)"}
    named = {"generators": {"ab": {}, "ba": {}}, "outputs": {"ab": "dec(enc(a))"}}
    assert declared_outputs(named) == {"ab": "dec(enc(a))"}
    assert declared_outputs({}) == {}


def test_the_name_of_an_output_holds_its_domains():
    assert domains_of("ab_far") == ("a", "b")
    assert [domain_of(name) for name in ("a", "b2", "a_mask", "mask")] == ["a", "b", "", ""]


@pytest.mark.parametrize(
    ("output", "text", "reads"),
    [
        ("ab", "ab(a)", ["a"]),
        ("ab", "dec(enc(a), style(b))", ["a", "b"]),
        ("ba", "dec(style(a), d=enc(b))", ["b", "a"]),
        ("ab", "paint(mask, ab(a), z)", ["a", "mask"]),
        ("ab", "ab(a2)", ["a2"]),
        ("ab", "ab(b)", []),
        ("ab", "ab(z(3))", []),
    ],
)
def test_an_output_translates_the_first_image_of_its_source_domain_and_reads_the_others(output, text, reads):
    assert real_images(output, parse(text), ["z"]) == reads


@pytest.mark.parametrize(
    ("text", "name"),
    [("dec(noise(enc(mirror(a))))", "enc"), ("ab(a)", "ab"), ("dec(z, a)", None), ("dec(enc(b))", None)],
)
def test_the_generator_that_takes_the_image_first_is_found_behind_views(text, name):
    assert entered_by(parse(text), "a", ["enc", "dec", "ab"]) == name


def test_names_of_images_are_replaced_by_what_they_stand_for():
    named = {"latent": "noise(code)", "code": "enc(a)"}
    assert str(expanded(parse("dec(target(latent), d=code)"), named)) == "dec(target(noise(enc(a))), d=enc(a))"
    with pytest.raises(ValueError, match="the image 'x' is made of itself"):
        expanded(parse("dec(x)"), {"x": "enc(y)", "y": "enc(x)"})
