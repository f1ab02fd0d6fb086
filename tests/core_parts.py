"""The parts of i2ikit itself, without those that other tests of the same process have registered."""

from typing import Any

from i2ikit.plugin.info import OWN_FILES
from i2ikit.registry import Registry


def is_core(part: Any) -> bool:
    """Return whether a part is the core's."""
    module: str = part.__module__
    return module.startswith("i2ikit.") and not module.startswith(OWN_FILES)


def core_parts(registry: Registry) -> dict[str, Any]:
    """Return the parts of a registry that are the core's, by name."""
    return {name: part for name in registry.names() if is_core(part := registry.get(name))}
