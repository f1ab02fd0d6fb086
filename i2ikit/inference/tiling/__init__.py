"""Images that need more memory than there is: translated in tiles, read from disk and written to it in parts."""

from i2ikit.inference.tiling.sources import ImageSource, TensorSource
from i2ikit.inference.tiling.translation import TiledTranslation

__all__ = ["ImageSource", "TensorSource", "TiledTranslation"]
