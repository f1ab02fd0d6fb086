"""Finds mistakes in the section `vis_backends` of a config: mmengine's visualization back ends."""

import inspect
from typing import Any

from i2ikit.build import Builder, is_part
from i2ikit.errors import nearest_hint


def check_vis_backends(section: Any, builder: Builder) -> None:
    """Note what is no list of back ends, and back ends that mmengine does not know or whose arguments are wrong."""
    if not isinstance(section, list):
        builder.mistake("vis_backends", f'must be a list of dict(type="..."), not {section!r}')
        return
    if not section:
        return
    import mmengine.visualization  # noqa: F401  registers mmengine's own; it imports matplotlib
    from mmengine.registry import VISBACKENDS

    for index, config in enumerate(section):
        path = f"vis_backends.{index}"
        if not is_part(config):
            builder.mistake(path, f'a back end is written as dict(type="...", ...), not {config!r}')
            continue
        found = VISBACKENDS.module_dict.get(str(config["type"]))
        if found is None:
            hint = nearest_hint(str(config["type"]), VISBACKENDS.module_dict)
            builder.mistake(f"{path}.type", f"mmengine has no back end called {config['type']!r}.{hint}")
            continue
        try:
            own = {key: value for key, value in config.items() if key not in ("type", "name")}
            inspect.signature(found).bind(**{"save_dir": "", **own})
        except TypeError as error:
            builder.mistake(path, f"{config['type']} refused its arguments: {error}")
