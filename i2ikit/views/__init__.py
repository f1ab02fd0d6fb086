"""Views: random image operations inside an image expression."""

from i2ikit.registry import part_exports

__getattr__, __dir__ = part_exports(__name__)
