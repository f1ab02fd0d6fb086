"""Heads: networks that embed the features of a tap."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
