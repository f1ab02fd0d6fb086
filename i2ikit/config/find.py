"""Finds a config by its path or by the name under which it is packaged."""

import re
from collections.abc import Iterable
from pathlib import Path

from i2ikit.errors import ConfigError, nearest_hint
from i2ikit.plugin.manager import get_manager


def packaged_configs() -> dict[str, Path]:
    """Return the packaged configs by name, such as ``enco/horse2zebra``; the first one of a name wins."""
    found: dict[str, Path] = {}
    for folder in get_manager().config_folders():
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            if "_base_" not in path.relative_to(folder).parts:
                found.setdefault(name, path)
    return found


def find_config(name: str | Path) -> Path:
    """Return the file of a config.

    Args:
        name: a path, or a packaged config's name (``enco/horse2zebra``, with or without ``.py``); a file of that path
            has priority.

    Raises:
        ConfigError: neither exists; the message has the nearest names.
    """
    path = Path(name)
    if path.is_file():
        return path
    packaged = packaged_configs()
    wanted = path.with_suffix("").as_posix() if path.suffix == ".py" else path.as_posix()
    if wanted in packaged:
        return packaged[wanted]
    if path.is_dir():
        raise ConfigError(str(name), ["it is a folder; a config is a file in it, such as horse2zebra.py"])
    wanted = wanted.removeprefix("configs/")
    hint = nearest_hint(wanted, packaged) + _plugin_hint(wanted, packaged)
    raise ConfigError(
        str(name),
        [f"there is no such file and no packaged config of that name.{hint} See them with `i2ikit list configs`."],
    )


def _plugin_hint(name: str, packaged: Iterable[str]) -> str:
    """Return a hint for a config of an unknown method: the package that may bring it.

    By convention a package ``i2ikit-foo`` brings the methods in folders ``foo`` and ``foo_...``.
    """
    method, _, _ = name.partition("/")
    if not re.fullmatch(r"[a-z][a-z0-9_]*/[a-z0-9_]+", name) or method in {each.partition("/")[0] for each in packaged}:
        return ""
    package = f"i2ikit-{method.partition('_')[0]}"
    return f" If a plugin brings it, install the plugin: `pip install {package}`."
