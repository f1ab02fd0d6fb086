"""i2ikit: a plugin-based toolkit for unpaired image-to-image translation in which a method is a config."""

__version__ = "0.1.0"
