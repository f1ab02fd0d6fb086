"""Hooks that check a run for typical failures and report each of them once, with common remedies."""

from i2ikit.engine.hooks.alarms.base import Alarm
from i2ikit.engine.hooks.alarms.collapse import CollapseAlarm
from i2ikit.engine.hooks.alarms.inversion import InversionAlarm
from i2ikit.engine.hooks.alarms.loader_stall import LoaderStallAlarm
from i2ikit.engine.hooks.alarms.nothing_learned import NothingLearnedAlarm
from i2ikit.engine.hooks.alarms.outputs import FixedOutputs, OutputAlarm, Outputs
from i2ikit.engine.hooks.alarms.overpowering import OverpoweringAlarm

__all__ = [
    "Alarm",
    "CollapseAlarm",
    "FixedOutputs",
    "InversionAlarm",
    "LoaderStallAlarm",
    "NothingLearnedAlarm",
    "OutputAlarm",
    "Outputs",
    "OverpoweringAlarm",
]
