"""Metrics: values of translated test images."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
