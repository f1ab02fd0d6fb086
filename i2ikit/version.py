"""The version of i2ikit, in a module of its own so that every other module may import it."""

__version__ = "0.1.0"
