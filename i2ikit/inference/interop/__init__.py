"""Weights of the published code: import and export. Only this package knows published names and layer numbers."""

from i2ikit.inference.interop.detection import detect
from i2ikit.inference.interop.fitting import fit, unfit
from i2ikit.inference.interop.layouts import Layout, layout_of
from i2ikit.inference.interop.taps import published_taps

__all__ = ["Layout", "detect", "fit", "layout_of", "published_taps", "unfit"]
