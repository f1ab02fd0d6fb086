"""Images that were read and resized once are kept, in memory or on a disk."""

from i2ikit.data.cache.disk import DiskCache
from i2ikit.data.cache.ram import RamCache, half_of_free_memory

__all__ = ["DiskCache", "RamCache", "half_of_free_memory"]
