"""i2ikit: a plugin-based toolkit for unpaired image-to-image translation in which a method is a config.

The names below are imported when they are first used: `import i2ikit` itself does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from i2ikit.version import __version__

if TYPE_CHECKING:
    from i2ikit.api import Translator, evaluate, load_config, train

__all__ = ["Translator", "__version__", "evaluate", "load_config", "train"]


def __getattr__(name: str) -> Any:
    """Return a public name, and import what it needs."""
    if name not in __all__:
        raise AttributeError(f"module 'i2ikit' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module("i2ikit.api"), name)


def __dir__() -> list[str]:
    """Return the public names, also those that are not imported yet."""
    return sorted({*globals(), *__all__})
