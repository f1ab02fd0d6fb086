"""What happens around the steps of a run: log, display, samples, checkpoints."""

from i2ikit.engine.hooks.checkpoints import CheckpointsHook
from i2ikit.engine.hooks.clock import Clock
from i2ikit.engine.hooks.display import DisplayHook
from i2ikit.engine.hooks.log import LogHook
from i2ikit.engine.hooks.samples import SamplesHook

__all__ = ["CheckpointsHook", "Clock", "DisplayHook", "LogHook", "SamplesHook"]
