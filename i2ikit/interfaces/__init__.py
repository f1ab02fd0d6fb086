"""The interfaces between parts, terms and the step: plain data and protocols, without the math of any method."""

from i2ikit.interfaces.inputs import ExtraInput
from i2ikit.interfaces.positions import Positions, Routing, SamplingPlan, positions_on
from i2ikit.interfaces.progress import Progress, Schedule
from i2ikit.interfaces.step import HeadUse, Read, StepReader, full_name
from i2ikit.ops.contrast import Negatives

__all__ = [
    "ExtraInput",
    "HeadUse",
    "Negatives",
    "Positions",
    "Progress",
    "Read",
    "Routing",
    "SamplingPlan",
    "Schedule",
    "StepReader",
    "full_name",
    "positions_on",
]
