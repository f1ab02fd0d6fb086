"""Everything that i2ikit takes from mmengine: no other module imports it.

mmengine and its maintained fork onedl-mmengine are packages of one import name, and either will do. A name is imported
when it is first used, because mmengine's hooks and visualization import much that a translation does not need.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from i2ikit.opencv import imported_later

if TYPE_CHECKING:
    from mmengine.config import Config as Config
    from mmengine.hooks import EMAHook as EMAHook
    from mmengine.hooks import Hook as Hook
    from mmengine.logging import MessageHub as MessageHub
    from mmengine.logging import MMLogger as MMLogger
    from mmengine.optim import OptimWrapper as OptimWrapper
    from mmengine.optim import OptimWrapperDict as OptimWrapperDict
    from mmengine.registry import HOOKS as HOOKS
    from mmengine.registry import OPTIMIZERS as OPTIMIZERS
    from mmengine.registry import VISBACKENDS as VISBACKENDS
    from mmengine.registry import Registry as Registry
    from mmengine.utils import apply_to as apply_to
    from mmengine.visualization import Visualizer as Visualizer

PARTS = {"hooks": "mmengine.hooks", "optimizers": "mmengine.optim", "back ends": "mmengine.visualization"}  # packages
DISTRIBUTIONS = ("mmengine", "onedl-mmengine", "mmengine-lite")
PRIORITIES = {  # of hooks
    "HIGHEST": 0,
    "VERY_HIGH": 10,
    "HIGH": 30,
    "ABOVE_NORMAL": 40,
    "NORMAL": 50,
    "BELOW_NORMAL": 60,
    "LOW": 70,
    "VERY_LOW": 90,
    "LOWEST": 100,
}
_MODULES = {
    "Config": "mmengine.config",
    "EMAHook": "mmengine.hooks",
    "Hook": "mmengine.hooks",
    "MMLogger": "mmengine.logging",
    "MessageHub": "mmengine.logging",
    "OptimWrapper": "mmengine.optim",
    "OptimWrapperDict": "mmengine.optim",
    "HOOKS": "mmengine.registry",
    "OPTIMIZERS": "mmengine.registry",
    "VISBACKENDS": "mmengine.registry",
    "Registry": "mmengine.registry",
    "apply_to": "mmengine.utils",
    "Visualizer": "mmengine.visualization",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"i2ikit takes no {name!r} from mmengine")
    with imported_later():
        module = importlib.import_module(_MODULES[name])
    return getattr(module, name)


def priority_of(value: Any) -> int:
    """Return the attribute ``priority`` of a hook as a number in 0..100; hooks with smaller numbers come first.

    Raises:
        ValueError: it is neither such a number nor a name of ``PRIORITIES``.
    """
    found = getattr(value, "value", value)  # mmengine's own priorities are an Enum
    number = PRIORITIES.get(found.upper()) if isinstance(found, str) else found
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 100:
        raise ValueError(f"priority must be an integer in 0..100 or one of {', '.join(PRIORITIES)}, not {found!r}")
    return number


def installed() -> str:
    """Return the version of mmengine; of a fork with its name in front, as in ``onedl-mmengine 0.10.12``.

    Two of them overwrite each other's files: then both are named.
    """
    found = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if set(found) <= {"mmengine"}:
        return found.get("mmengine", "unknown")
    named = " and ".join(f"{name} {number}" for name, number in found.items())
    return named if len(found) == 1 else f"{named}: uninstall all, then install one"
