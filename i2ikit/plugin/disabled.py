"""Which plugins the user has switched off."""

import os
from collections.abc import Collection

from packaging.utils import canonicalize_name

from i2ikit.errors import nearest_hint
from i2ikit.plugin.info import PluginInfo

DISABLE = "I2IKIT_DISABLE_PLUGINS"
EVERY = ("1", "all", "true", "yes", "on")
NONE = ("", "0", "none", "false", "no", "off")


def is_disabled(info: PluginInfo) -> bool:
    """Say whether a plugin is switched off, by its name or its package's, or with all of them."""
    return _value().lower() in EVERY or not info.names.isdisjoint(map(canonicalize_name, _named()))


def wrong_names(plugins: Collection[PluginInfo]) -> list[str]:
    """Say of each name that is to be switched off and that none of ``plugins`` has what it may have meant."""
    names = [name for info in plugins for name in (info.name, info.package)]
    known = set().union(*(info.names for info in plugins))
    return [
        f"{DISABLE} names {name!r}, but no plugin is called so.{nearest_hint(name, names)} See them with "
        "`i2ikit plugins`."
        for name in _named()
        if canonicalize_name(name) not in known
    ]


def _named() -> list[str]:
    """Return the names that are to be switched off one by one."""
    if _value().lower() in (*EVERY, *NONE):
        return []
    return [name.strip() for name in _value().split(",") if name.strip()]


def _value() -> str:
    return os.environ.get(DISABLE, "").strip()
