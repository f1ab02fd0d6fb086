"""The parts of i2ikit itself, without those that other tests of the same process have registered."""

from typing import Any

from i2ikit.plugin.info import CORE
from i2ikit.registry import Registry, top_package


def is_core(part: Any) -> bool:
    """Return whether a part is the core's."""
    return top_package(part) == CORE


def core_parts(registry: Registry) -> dict[str, Any]:
    """Return the parts of a registry that are the core's, by name."""
    return {name: part for name in registry.names() if is_core(part := registry.get(name))}
