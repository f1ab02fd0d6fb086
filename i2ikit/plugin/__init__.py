"""Plugins: hook specifications, the decorator for their implementations, and the manager that finds plugins."""

from i2ikit.plugin.hooks import hookimpl, hookspec
from i2ikit.plugin.info import PluginInfo
from i2ikit.plugin.manager import get_manager

__all__ = ["PluginInfo", "get_manager", "hookimpl", "hookspec"]
