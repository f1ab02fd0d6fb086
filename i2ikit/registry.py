"""The registries: every part of a method is found by its class name in one of these.

A registry is a strict child of mmengine's: it holds what was registered, imports nothing by dotted name, and answers a
wrong name with the nearest right ones. The first look-up loads the built-in parts and the plugins.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from mmengine.registry import Registry as MMEngineRegistry

from i2ikit.errors import DuplicateComponentError, UnknownComponentError, nearest_hint
from i2ikit.plugin.disabled import DISABLE
from i2ikit.plugin.info import CORE
from i2ikit.plugin.loading import import_with_submodules, load_builtin_parts
from i2ikit.plugin.manager import get_manager, load_components

Part = TypeVar("Part", bound=type[Any])


class Registry(MMEngineRegistry):
    """Parts of one kind by class name.

    Args:
        kind: what one part is called in messages, such as ``"loss"``.
        plural: the name of the registry on the command line, such as ``"losses"``.
    """

    def __init__(self, kind: str, plural: str) -> None:
        super().__init__(plural, scope="i2ikit")
        self.kind, self.plural = kind, plural
        self.contested: dict[str, str] = {}

    def names(self) -> list[str]:
        """Return the names of all registered parts, sorted."""
        load_components()
        return sorted(self.module_dict)

    def get(self, key: str) -> type[Any]:
        """Return the class registered as ``key``.

        Raises:
            UnknownComponentError: nothing has that name; the message has the nearest ones, and the plugins that may
                have it but cannot be used.
            DuplicateComponentError: two plugins registered that name.
        """
        load_components()
        if key not in self.module_dict:
            note = get_manager().missing_part(self.plural, key)
            raise UnknownComponentError(self.kind, self.plural, key, self.names(), note)
        if key in self.contested:
            raise DuplicateComponentError(self.contested[key])
        return self.module_dict[key]

    def register_module(self, name: str | None = None, *, force: bool = False) -> Callable[[Part], Part]:
        """Return a class decorator that registers the class under its own name, or under ``name``.

        Raises:
            TypeError: what is decorated is not a class.
            DuplicateComponentError: the name is taken and ``force`` is off.
        """

        def register(part: Part) -> Part:
            if not isinstance(part, type):
                raise TypeError(f"{self.plural} hold classes; {part!r} is not one")
            if _package(part) != CORE:
                load_builtin_parts()  # nobody takes the name of a part of the core by coming first
            key = name or part.__name__
            taken = self.module_dict.get(key)
            if taken is not None and not force:
                message = (
                    f"two {self.plural} are called {key!r}: {taken.__module__}.{taken.__qualname__} and "
                    f"{part.__module__}.{part.__qualname__}. Rename one of them."
                )
                if _package(taken) != CORE:  # the core's own name stands
                    self.contested[key] = f"{message[:-1]}, or switch one plugin off with {DISABLE}=NAME."
                raise DuplicateComponentError(message)
            self.contested.pop(key, None)
            self.module_dict[key] = part
            return part

        return register


def _package(part: type[Any]) -> str:
    return part.__module__.partition(".")[0]


GENERATORS = Registry("generator", "generators")
DISCRIMINATORS = Registry("discriminator", "discriminators")
HEADS = Registry("head", "heads")
SAMPLERS = Registry("sampler", "samplers")
NEGATIVES = Registry("source of negatives", "negatives")
LOSSES = Registry("loss", "losses")
TERMS = Registry("term", "terms")
VIEWS = Registry("view", "views")
SCHEDULES = Registry("schedule", "schedules")
DATASETS = Registry("dataset", "datasets")
TRANSFORMS = Registry("transform", "transforms")
METRICS = Registry("metric", "metrics")

REGISTRIES: dict[str, Registry] = {
    registry.plural: registry
    for registry in (
        GENERATORS,
        DISCRIMINATORS,
        HEADS,
        SAMPLERS,
        NEGATIVES,
        LOSSES,
        TERMS,
        VIEWS,
        SCHEDULES,
        DATASETS,
        TRANSFORMS,
        METRICS,
    )
}


def part_exports(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package of parts, so that each part can be imported from it.

    ``from i2ikit.losses import PatchNCELoss`` then imports the package's modules, and no plugin.

    Args:
        package: its full name, which ends in the plural of a registry, such as ``"i2ikit.losses"``.
    """
    registry = REGISTRIES[package.rpartition(".")[2]]

    def parts() -> dict[str, type[Any]]:
        deque(import_with_submodules(package), maxlen=0)
        return {name: part for name, part in registry.module_dict.items() if _is_in(part, package)}

    def get(name: str) -> type[Any]:
        found = {} if name.startswith("_") else parts()
        if name not in found:
            raise AttributeError(f"{package} has no {registry.kind} {name!r}.{nearest_hint(name, found)}")
        return found[name]

    return get, lambda: sorted(parts())


def _is_in(part: type[Any], package: str) -> bool:
    return part.__module__.startswith(f"{package}.")
