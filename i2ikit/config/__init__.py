"""Configs: found by path or name, read with their bases, overridden from the command line, checked, written out."""

from i2ikit.config.dump import dump_config
from i2ikit.config.find import find_config, packaged_configs
from i2ikit.config.resolve import config_origin, load_config, resolve_config

__all__ = ["config_origin", "dump_config", "find_config", "load_config", "packaged_configs", "resolve_config"]
