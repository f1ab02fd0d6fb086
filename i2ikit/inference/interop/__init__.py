"""Weights of the published code: their layouts, in and out. The only place that knows published names and numbers."""

from i2ikit.inference.interop.detection import detect
from i2ikit.inference.interop.fitting import fit, unfit
from i2ikit.inference.interop.layouts import Layout, layout_of
from i2ikit.inference.interop.taps import published_taps

__all__ = ["Layout", "detect", "fit", "layout_of", "published_taps", "unfit"]
