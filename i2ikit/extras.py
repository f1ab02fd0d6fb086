"""Packages that only some commands need: an extra of i2ikit installs them."""

from importlib.util import find_spec

from i2ikit.errors import I2IKitError


class MissingExtraError(I2IKitError):
    """A package is missing that an extra of i2ikit installs."""


def require_extra(extra: str, what: str, *modules: str) -> None:
    """Refuse to begin what needs packages that are missing; none of them is imported.

    Args:
        extra: its name in i2ikit's metadata, such as ``"export"``.
        what: needs the packages, for the message; such as ``"--format onnx"``.
        modules: names of modules of the packages, without dots.

    Raises:
        MissingExtraError: a module cannot be found; the message is one line with the command that installs it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingExtraError(f"{what} needs {' and '.join(missing)}: pip install 'i2ikit[{extra}]'")
