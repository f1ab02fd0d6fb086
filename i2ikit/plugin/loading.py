"""Imports of modules that hold parts."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from i2ikit.plugin import builtins


def import_with_submodules(name: str) -> Iterator[ModuleType]:
    """Import a module, and of a package all modules in it; yield each."""
    module = importlib.import_module(name)
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield from import_with_submodules(f"{name}.{found.name}")


@cache
def load_builtin_parts() -> None:
    """Import the built-in parts, and nobody else's."""
    for package in builtins.i2ikit_components():
        for _ in import_with_submodules(package):
            pass
