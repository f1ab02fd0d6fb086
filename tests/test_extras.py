"""Missing packages are named in one line."""

import pytest

from i2ikit.extras import MissingExtraError, require_extra


def test_packages_that_are_there_are_not_named():
    require_extra("export", "--format onnx", "json", "torch")


def test_missing_packages_are_named_with_the_command_that_installs_them():
    with pytest.raises(MissingExtraError) as caught:
        require_extra("export", "--format onnx", "json", "onnx_of_nobody", "runtime_of_nobody")
    assert str(caught.value) == (
        "--format onnx needs onnx_of_nobody and runtime_of_nobody: pip install 'i2ikit[export]'"
    )
    assert caught.value.exit_code == 2
