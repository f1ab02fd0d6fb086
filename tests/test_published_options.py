"""The table of published options."""

import pytest

from i2ikit.published_options import OLD_NAMES, OPTIONS, PROGRAMS, answer, defaults, options_of


def test_every_option_has_a_counterpart_or_a_reason_and_one_row():
    assert all(bool(option.here) != bool(option.lacks) for option in OPTIONS)
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
    assert set(OLD_NAMES.values()) <= {option.name for option in OPTIONS}


@pytest.mark.parametrize("model", PROGRAMS)
def test_defaults_are_of_options_that_the_model_has_and_fit_their_choices(model):
    known, values = options_of(model), defaults(model)
    assert {*values} == {*known}
    assert all(values[name] in option.choices for name, option in known.items() if option.choices)


def test_defaults_depend_on_model_and_mode():
    assert defaults("cut")["n_epochs"] == 200
    assert defaults("cut", "fastcut")["n_epochs"] == 150
    assert defaults("sincut", "fastcut")["n_epochs"] == 8
    assert defaults("cycle_gan")["init_type"] == "normal"


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--lr", " Here it is --set optimizer.lr=VALUE."),
        ("--loadSize", " Here it is --set data.load_size=N."),
        ("--niter_decay", " Here it is --set schedule.decay=N, and train.epochs for the sum of both."),
        ("--epochs", " Here it is --set train.epochs=N."),
        ("--no_html", " It has no counterpart here: samples and index.html are always written."),
        ("--xyz", ""),
    ],
)
def test_an_option_is_answered_with_what_does_it_here(option, sentence):
    assert answer(option) == sentence
