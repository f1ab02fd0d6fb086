"""What a training step costs, found out on torch's meta device: nothing is computed, no data is read."""

from i2ikit.profiling.arithmetic import Arithmetic
from i2ikit.profiling.batch import batch_shapes
from i2ikit.profiling.live_bytes import LiveBytes
from i2ikit.profiling.step import StepCost, step_cost

__all__ = ["Arithmetic", "LiveBytes", "StepCost", "batch_shapes", "step_cost"]
