"""Data sets: items of a training or a test image per domain."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
