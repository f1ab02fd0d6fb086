"""The built-in parts and configs, which enter through the same hooks as those of a third-party package."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType

from i2ikit.kinds import KINDS
from i2ikit.plugin.hooks import hookimpl


@hookimpl
def i2ikit_components() -> Sequence[str]:
    """Return the packages of the core that hold parts."""
    return [f"i2ikit.{kind.plural}" for kind in KINDS]


@hookimpl
def i2ikit_configs() -> Sequence[Path]:
    """Return the folder of packaged configs: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "packaged_configs"
    return [packaged if packaged.is_dir() else package.parent / "configs"]


@cache
def load_builtin_parts() -> None:
    """Import the built-in parts, and those of no plugin."""
    for package in i2ikit_components():
        for _ in import_with_submodules(package):
            pass


def import_with_submodules(
    name: str, guard: Callable[[str], AbstractContextManager[object]] = nullcontext
) -> Iterator[ModuleType]:
    """Import a module, and all modules inside it if it is a package; yield each.

    Args:
        name: of the module.
        guard: makes a context for the import of a module from its name; where it suppresses an error, the modules
            inside that one are left out, and those beside it are imported.
    """
    found: list[ModuleType] = []
    inside: list[str] = []
    with guard(name):
        found.append(importlib.import_module(name))
        inside += [each.name for each in pkgutil.iter_modules(getattr(found[0], "__path__", []))]
    yield from found
    for each in inside:
        yield from import_with_submodules(f"{name}.{each}", guard)
