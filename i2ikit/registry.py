"""The registries: every part of a method is found by its class name in one of these.

A registry is a strict child of mmengine's: it holds what was registered, imports nothing by dotted name, and answers a
wrong name with the nearest right ones. The first look-up loads the built-in parts and the plugins.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from mmengine.registry import Registry as MMEngineRegistry

from i2ikit.errors import DuplicateComponentError, UnknownComponentError
from i2ikit.plugin.manager import load_builtin_parts, load_components

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

    def names(self) -> list[str]:
        """Return the names of all registered parts, sorted."""
        load_components()
        return sorted(self.module_dict)

    def get(self, key: str) -> type[Any]:
        """Return the class registered as ``key``.

        Raises:
            UnknownComponentError: nothing has that name; the message has the nearest ones.
        """
        if key not in self.module_dict:
            load_components()
        if key not in self.module_dict:
            raise UnknownComponentError(self.kind, self.plural, key, self.names())
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
            if part.__module__.partition(".")[0] != "i2ikit":
                load_builtin_parts()  # nobody takes the name of a part of the core by coming first
            key = name or part.__name__
            taken = self.module_dict.get(key)
            if taken is not None and not force:
                raise DuplicateComponentError(
                    f"two {self.plural} are called {key!r}: {taken.__module__}.{taken.__qualname__} and "
                    f"{part.__module__}.{part.__qualname__}. Rename one of them."
                )
            self.module_dict[key] = part
            return part

        return register


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
