"""Hooks that look at a run now and then and say, once, what looks wrong and what people do about it."""

from i2ikit.engine.hooks.alarms.base import Alarm, attach_alarms
from i2ikit.engine.hooks.alarms.collapse import CollapseAlarm
from i2ikit.engine.hooks.alarms.inversion import InversionAlarm
from i2ikit.engine.hooks.alarms.loader_stall import LoaderStallAlarm
from i2ikit.engine.hooks.alarms.looking import LookingAlarm
from i2ikit.engine.hooks.alarms.nothing_learned import NothingLearnedAlarm
from i2ikit.engine.hooks.alarms.overpowering import OverpoweringAlarm
from i2ikit.engine.hooks.alarms.watch import Look, Watch

__all__ = [
    "Alarm",
    "CollapseAlarm",
    "InversionAlarm",
    "LoaderStallAlarm",
    "Look",
    "LookingAlarm",
    "NothingLearnedAlarm",
    "OverpoweringAlarm",
    "Watch",
    "attach_alarms",
]
