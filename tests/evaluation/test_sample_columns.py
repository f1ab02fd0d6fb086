import pytest
import torch

from i2ikit.build import Builder
from i2ikit.evaluation.sample_columns import are_images, as_shown, sample_columns
from i2ikit.translation import UnpairedTranslation, build_model
from i2ikit.translation.expressions import parse


def model(config: dict, **outputs: str) -> UnpairedTranslation:
    builder = Builder()
    built = build_model({**config["model"], **({"outputs": outputs} if outputs else {})}, builder)
    assert built is not None, builder.errors
    return built


def columns(built: UnpairedTranslation) -> dict[str, str]:
    return {str(column): column.name for column in sample_columns(built)}


def test_columns_go_from_each_domain_to_what_the_terms_make_of_it(cyclegan):
    assert columns(model(cyclegan)) == {
        "a": "input", "ab(a)": "output", "ba(ab(a))": "reconstruction",
        "b": "input", "ba(b)": "output", "ab(b)": "identity", "ab(ba(b))": "reconstruction",
    }  # fmt: skip


def test_views_are_left_out_and_a_moving_average_has_no_columns_of_its_own(cut):
    cut["model"]["averages"] = {"slow": {"of": "generators.ab"}}
    assert list(columns(model(cut))) == ["a", "ab(a)"]


def test_the_identity_of_b_is_shown_beside_b(cut):
    terms = cut["model"]["phases"]["generate"]["terms"]
    terms["identity"] = {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": {"type": "L1Loss"}}
    assert columns(model(cut)) == {"a": "input", "ab(a)": "output", "b": "input", "ab(b)": "identity"}


def test_several_outputs_of_one_domain_are_followed_by_their_expressions(cyclegan):
    found = columns(model(cyclegan, ab="ab(a)", ab_back="ab(ba(ab(a)))"))
    assert (found["ab(a)"], found["ab(ba(ab(a)))"]) == ("output ab(a)", "output ab(ba(ab(a)))")


def test_what_is_neither_is_called_by_its_expression(cyclegan):
    assert columns(model(cyclegan, ab="ab(a)"))["ba(ab(a))"] == "ba(ab(a))"


@pytest.mark.parametrize(
    ("shape", "shown"),
    [((3, 8, 8), True), ((1, 8, 8), True), ((64, 8, 8), False), ((3, 4, 4), False), ((8,), False)],
)
def test_latents_and_vectors_are_no_images(cut, shape, shown):
    found = sample_columns(model(cut))
    item = {"a": torch.zeros(3, 8, 8), "b": torch.zeros(1, 8, 8)}
    made = {"a": item["a"], "ab(a)": torch.zeros(shape)}
    assert (found[1] in are_images(found, made, item)) is shown


def test_an_output_of_two_images_belongs_to_its_source(cut):
    cut["model"]["views"]["mix"] = {"type": "Mix", "at_test": True}
    (column,) = [each for each in sample_columns(model(cut, ab="ab(mix(a, b))")) if each.name == "output"]
    assert (column.image, column.domain, column.reads) == (parse("ab(mix(a, b))"), "a", ("a", "b"))


def test_images_and_taps_that_are_asked_for_are_columns_of_their_domain(cut):
    built = model(cut)
    found = sample_columns(built, ["ab(a).down1", "ab(mirror(a))"])
    assert [(str(column), column.domain, column.is_map) for column in found] == [
        ("a", "a", False), ("ab(a)", "a", False), ("ab(a).down1", "a", True),
    ]  # fmt: skip


def test_a_map_is_shown_from_its_least_value_to_its_largest():
    assert as_shown(torch.tensor([[[2.0, 3.0, 4.0]]])).tolist() == [[[-1, 0, 1]]]
    assert as_shown(torch.ones(3)).tolist() == [[[-1, -1, -1]]]
