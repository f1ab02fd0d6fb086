"""Samplers: which positions of a feature map a patch loss reads."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
