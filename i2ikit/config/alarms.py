"""The section ``alarms`` of a config: hooks by name, most of them there without being asked for."""

import inspect
from collections.abc import Mapping
from typing import Any

from i2ikit.build import Builder
from i2ikit.config.mmengine_parts import check_alarm, known_hooks

DEFAULTS = {
    "overpowering": "OverpoweringAlarm",
    "collapse": "CollapseAlarm",
    "nothing_learned": "NothingLearnedAlarm",
    "inversion": "InversionAlarm",
    "loader_stall": "LoaderStallAlarm",
}


def with_default_alarms(section: Any) -> Any:
    """Return the section with the alarms that nobody named.

    A dict without a ``type`` changes arguments of the default alarm of that name. None stays, and switches an alarm
    off; None for the whole section switches all of them off.
    """
    if section is None:
        return dict.fromkeys(DEFAULTS)
    if not isinstance(section, Mapping):
        return section  # validation says what is wrong with it
    return {name: {"type": kind} for name, kind in DEFAULTS.items()} | {
        name: {"type": DEFAULTS[name], **alarm} if isinstance(alarm, Mapping) and name in DEFAULTS else alarm
        for name, alarm in section.items()
    }


def hook_class(name: Any) -> type[Any] | None:
    """Return the hook of this name, mmengine's, i2ikit's or a plugin's, or None."""
    return known_hooks().get(str(name))


def alarm_arguments(name: Any) -> list[str]:
    """Return the names of the arguments that a hook takes from a config, ``type`` among them."""
    found = hook_class(name)
    return ["type", *(inspect.signature(found).parameters if found is not None else ())]


def check_alarms(section: Any, builder: Builder) -> None:
    """Note every error in the section."""
    if not isinstance(section, Mapping):
        builder.error("alarms", f'must be dict(name=dict(type="..."), ...), not {section!r}')
        return
    for name, alarm in section.items():
        if alarm is not None:
            check_alarm(alarm, f"alarms.{name}", builder)
