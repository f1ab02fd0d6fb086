"""Using a trained generator: on tensors, images and folders of images."""

from i2ikit.inference.translator import Translator

__all__ = ["Translator"]
