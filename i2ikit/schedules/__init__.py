"""Numbers that depend on progress: factors of the learning rate and weights of terms."""

from i2ikit.schedules.constant import Constant
from i2ikit.schedules.linear import Linear
from i2ikit.schedules.linear_decay import LinearDecay
from i2ikit.schedules.linear_decay_to_zero import LinearDecayToZero
from i2ikit.schedules.stepwise_linear_decay import StepwiseLinearDecay
from i2ikit.schedules.switch import After, Until

__all__ = ["After", "Constant", "Linear", "LinearDecay", "LinearDecayToZero", "StepwiseLinearDecay", "Until"]
