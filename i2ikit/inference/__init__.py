"""Using a trained generator: on tensors, pictures and folders of pictures."""

from i2ikit.inference.folders import FileDone
from i2ikit.inference.translator import Translator

__all__ = ["FileDone", "Translator"]
