"""The registries: every part of a method is found by its class name in one of these.

There is one registry per kind of parts: ``GENERATORS``, ``LOSSES``, ``SAMPLERS``, ...; :mod:`i2ikit.kinds` lists
them. A registry is stricter than mmengine's, which it extends: it holds only what was registered, imports nothing by
dotted name, and an unknown name raises an error with the nearest known ones. The first look-up imports the built-in
parts and the plugins. ``HOOKS`` is mmengine's own registry.
"""

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from i2ikit.errors import DuplicateComponentError, UnknownComponentError, nearest_hint
from i2ikit.from_mmengine import HOOKS as HOOKS
from i2ikit.from_mmengine import Registry as MMEngineRegistry
from i2ikit.kinds import KINDS
from i2ikit.plugin.builtins import import_with_submodules, load_builtin_parts
from i2ikit.plugin.info import CORE, DISABLE, OWN_FILES
from i2ikit.plugin.manager import get_manager

Part = TypeVar("Part", bound=type[Any])


class Registry(MMEngineRegistry):
    """The parts of one kind, by class name.

    Args:
        kind: what one part is called in messages, such as ``"loss"``.
        plural: the name of the registry on the command line, such as ``"losses"``.

    Attributes:
        contested: names that two plugins have given to their parts, with both classes.
    """

    def __init__(self, kind: str, plural: str) -> None:
        super().__init__(plural, scope="i2ikit")
        self.kind, self.plural = kind, plural
        self.contested: dict[str, tuple[type[Any], type[Any]]] = {}

    def names(self) -> list[str]:
        """Return the names of all registered parts, sorted."""
        get_manager().load_components()
        return sorted(self.module_dict)

    def get(self, key: str) -> type[Any]:
        """Return the class registered as ``key``.

        Raises:
            UnknownComponentError: no part has that name; the message lists the nearest names, and the plugins that
                may have it but cannot be used.
            DuplicateComponentError: two plugins registered that name.
        """
        get_manager().load_components()
        if key not in self.module_dict:
            hint, note = nearest_hint(key, self.names()), get_manager().unusable("part")
            count = f"{len(self.names())} registered; see them with `i2ikit list {self.plural}`."
            raise UnknownComponentError(f"no {self.kind} is called {key!r}.{hint} {count}{self._own(key)}{note}")
        if key in self.contested:
            raise DuplicateComponentError(self.contest(key))
        return self.module_dict[key]

    def contest(self, key: str) -> str:
        """Return what is wrong with a name of :attr:`contested`: both classes, and the plugins that bring them."""
        sides = [f"{part.__module__}.{part.__qualname__}{_brought_by(part)}" for part in self.contested[key]]
        remedy = f"Rename one of them, or switch one plugin off with {DISABLE}=NAME."
        return f"two {self.plural} are called {key!r}: {' and '.join(sides)}. {remedy}"

    def _own(self, key: str) -> str:
        """Return how a class in a file of the user's becomes a part, if the name may be one of those."""
        for name, module in list(sys.modules.items()):
            if name.startswith(OWN_FILES) and isinstance(getattr(module, key, None), type):
                return f" {module.__file__} has a class {key}: put `@{self.plural.upper()}.register_module()` above it."
        file, found, own = key.rpartition(".")
        if found:
            advice = f"A type is the name of a class: write {own!r}, and the file in `imports`"
            return f' {advice}, as in imports=["{file.rpartition(".")[2]}.py"].'
        return ' A part of your own file: imports=["FILE.py"] in the config.'

    def register_module(self, name: str | None = None, *, force: bool = False) -> Callable[[Part], Part]:
        """Return a class decorator that registers the class under its own name, or under ``name``.

        Raises:
            TypeError: what is decorated is not a class.
            DuplicateComponentError: the name is taken, and ``force`` is off or the core has taken it.
        """

        def register(part: Part) -> Part:
            if not isinstance(part, type):
                raise TypeError(f"{self.plural} hold classes; {part!r} is not one")
            if top_package(part) != CORE:
                load_builtin_parts()  # so that a name of the core is taken even if the plugin is imported first
            key = name or part.__name__
            taken = self.module_dict.get(key)
            of_core = taken is not None and top_package(taken) == CORE != top_package(part)
            if taken is not None and (of_core or not force):
                if not of_core and top_package(part) != OWN_FILES:  # a name of the core keeps its class
                    self.contested[key] = (taken, part)
                sides = f"{taken.__module__}.{taken.__qualname__} and {part.__module__}.{part.__qualname__}"
                remedy = "A part of i2ikit cannot be replaced: rename yours." if of_core else "Rename one of them."
                raise DuplicateComponentError(f"two {self.plural} are called {key!r}: {sides}. {remedy}")
            self.contested.pop(key, None)
            self.module_dict[key] = part
            return part

        return register


def _brought_by(part: type[Any]) -> str:
    owner = get_manager().owner(part.__module__)
    return f" of the plugin {owner.title}" if owner is not None else ""


def top_package(part: type[Any]) -> str:
    """Return the package that brings a part; files of `imports` count as one package."""
    return OWN_FILES if part.__module__.startswith(OWN_FILES) else part.__module__.partition(".")[0]


REGISTRIES = {kind.plural: Registry(kind.singular, kind.plural) for kind in KINDS}
GENERATORS = REGISTRIES["generators"]
DISCRIMINATORS = REGISTRIES["discriminators"]
HEADS = REGISTRIES["heads"]
EXTRACTORS = REGISTRIES["extractors"]
SAMPLERS = REGISTRIES["samplers"]
NEGATIVES = REGISTRIES["negatives"]
LOSSES = REGISTRIES["losses"]
TERMS = REGISTRIES["terms"]
VIEWS = REGISTRIES["views"]
SCHEDULES = REGISTRIES["schedules"]
DATASETS = REGISTRIES["datasets"]
TRANSFORMS = REGISTRIES["transforms"]
METRICS = REGISTRIES["metrics"]
TRACKERS = REGISTRIES["trackers"]


def part_exports(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package of parts, so that each part can be imported from it.

    ``from i2ikit.losses import PatchNCELoss`` then imports the package's modules, and no plugin.

    Args:
        package: its full name, which ends in the plural of a registry, such as ``"i2ikit.losses"``.
    """
    registry = REGISTRIES[package.rpartition(".")[2]]

    def parts() -> dict[str, type[Any]]:
        deque(import_with_submodules(package), maxlen=0)
        return {name: part for name, part in registry.module_dict.items() if part.__module__.startswith(f"{package}.")}

    def get(name: str) -> type[Any]:
        found = {} if name.startswith("_") else parts()
        if name not in found:
            raise AttributeError(f"{package} has no {registry.kind} {name!r}.{nearest_hint(name, found)}")
        return found[name]

    return get, lambda: sorted(parts())
