"""Schedules: values that depend on progress, such as learning-rate factors and weights of terms."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
