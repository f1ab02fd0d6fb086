"""What happens around the steps of a run: log, display, samples, metrics, checkpoints."""

from i2ikit.engine.hooks.bad_files import BadFilesHook
from i2ikit.engine.hooks.checkpoints import CheckpointsHook
from i2ikit.engine.hooks.clock import Clock
from i2ikit.engine.hooks.display import DisplayHook
from i2ikit.engine.hooks.evaluation import EvaluationHook
from i2ikit.engine.hooks.log import LogHook
from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.engine.hooks.visualizer import VisualizerHook

__all__ = [
    "BadFilesHook",
    "CheckpointsHook",
    "Clock",
    "DisplayHook",
    "EvaluationHook",
    "LogHook",
    "SamplesHook",
    "VisualizerHook",
]
