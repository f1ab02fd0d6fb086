"""The cost of a training step, estimated on torch's meta device: without values, and mostly without data."""

from i2ikit.profiling.batch import batch_shapes
from i2ikit.profiling.counters import StepCounter
from i2ikit.profiling.step import StepCost, step_cost

__all__ = ["StepCost", "StepCounter", "batch_shapes", "step_cost"]
