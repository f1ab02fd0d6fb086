"""What several commands make of their options."""

import pytest

from i2ikit.cli.options import recipe_names


def test_recipes_are_listed_or_named_one_by_one_and_count_once():
    assert recipe_names(["masked, fast", "small_data,masked,"]) == ["masked", "fast", "small_data"]
    assert recipe_names(None) == []


@pytest.mark.parametrize("text", ["", ",", " "])
def test_an_option_that_names_no_recipe_is_an_error(run, text):
    found = run("config", "cut/stripes", "--recipe", text)
    assert (found.code, found.out) == (2, "")
    assert f"--recipe {text!r} names no recipe" in found.err
