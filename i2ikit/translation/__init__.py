"""The model, the step (passes, taps, random streams), phases and weights."""

from i2ikit.interfaces.progress import Progress
from i2ikit.translation.averages import Average
from i2ikit.translation.build import build_model
from i2ikit.translation.model import UnpairedTranslation
from i2ikit.translation.phase import Phase, WeightedTerm
from i2ikit.translation.random_streams import RandomStreams
from i2ikit.translation.rendering import FixedSamples
from i2ikit.translation.step import Step

__all__ = [
    "Average",
    "FixedSamples",
    "Phase",
    "Progress",
    "RandomStreams",
    "Step",
    "UnpairedTranslation",
    "WeightedTerm",
    "build_model",
]
