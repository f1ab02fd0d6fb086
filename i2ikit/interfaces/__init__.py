"""What the parts, the terms and the step say to each other: plain data and protocols, no maths of a method."""

from i2ikit.interfaces.positions import Positions, Routing, SamplingPlan
from i2ikit.interfaces.reads import HeadUse, Read
from i2ikit.interfaces.step import StepReader
from i2ikit.ops.contrast import Negatives

__all__ = ["HeadUse", "Negatives", "Positions", "Read", "Routing", "SamplingPlan", "StepReader"]
