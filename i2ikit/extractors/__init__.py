"""Feature extractors: frozen networks whose taps terms compare, such as a VGG."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
