"""Transforms: from an image file's pixels to the tensor that networks see."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
