"""The cost of a training step, estimated on torch's meta device: without values, and mostly without data."""

from i2ikit.profiling.batch import batch_shapes
from i2ikit.profiling.counters import MemoryCounter, OperationCounter
from i2ikit.profiling.step import StepCost, step_cost

__all__ = ["MemoryCounter", "OperationCounter", "StepCost", "batch_shapes", "step_cost"]
