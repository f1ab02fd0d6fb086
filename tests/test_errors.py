import pytest

from i2ikit.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    I2IKitError,
    RunError,
    ShapeError,
    UnknownComponentError,
    nearest,
    nearest_hint,
)

NAMES = ["PatchNCELoss", "CosinePatchNCELoss", "L1Loss", "Mirror"]


def test_the_nearest_names_come_first_and_case_is_ignored():
    assert nearest("patchnceloss", NAMES)[0] == "PatchNCELoss"
    assert nearest("PatchNSELoss", NAMES) == ["PatchNCELoss", "CosinePatchNCELoss"]


def test_nothing_is_near_to_something_else():
    assert nearest("zzz", NAMES) == []
    assert nearest_hint("zzz", NAMES) == ""


def test_the_hint_is_a_sentence():
    assert nearest_hint("mirorr", NAMES) == " Nearest: 'Mirror'."


def test_no_more_than_three_names_are_offered():
    assert len(nearest("block", [f"block{n}" for n in range(9)])) == 3


def test_an_unknown_part_is_named_with_the_nearest_and_the_way_to_see_all():
    error = UnknownComponentError("loss", "losses", "PatchNSELoss", NAMES)
    assert str(error) == (
        "no loss is called 'PatchNSELoss'. Nearest: 'PatchNCELoss', 'CosinePatchNCELoss'. "
        "4 registered; see them with `i2ikit list losses`."
    )


@pytest.mark.parametrize(("errors", "head"), [(["x"], "1 error in c.py:"), (["x", "y"], "2 errors in c.py:")])
def test_errors_of_a_config_are_listed_line_by_line(errors, head):
    error = ConfigError("c.py", errors)
    assert str(error).splitlines() == [head, *(f"  - {error}" for error in errors)]
    assert error.errors == tuple(errors)


@pytest.mark.parametrize("error", [ShapeError("x"), ConfigError("c", ["x"]), DataError("x"), CheckpointError("x")])
def test_a_users_error_ends_with_code_two(error):
    assert isinstance(error, I2IKitError)
    assert error.exit_code == 2


def test_a_run_that_fails_ends_with_code_one():
    assert RunError("x").exit_code == 1


def test_errors_can_be_caught_as_builtin_ones():
    assert issubclass(ShapeError, ValueError)
    assert issubclass(UnknownComponentError, KeyError)
