import pytest

from i2ikit.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    I2IKitError,
    RunError,
    ShapeError,
    UnknownComponentError,
    nearest_hint,
)

NAMES = ["PatchNCELoss", "CosinePatchNCELoss", "L1Loss", "Mirror"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("patchnceloss", " Nearest: 'PatchNCELoss', 'CosinePatchNCELoss'."),  # whatever the case, best first
        ("mirorr", " Nearest: 'Mirror'."),
        ("zzz", ""),
    ],
)
def test_the_nearest_names_are_a_sentence(name, hint):
    assert nearest_hint(name, NAMES) == hint


def test_no_more_than_three_names_are_offered():
    assert nearest_hint("block", [f"block{n}" for n in range(9)]).count("block") == 3


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
