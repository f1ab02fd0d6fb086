"""Projected discriminators, and networks of timm, as a plugin of i2ikit. Importing this imports nothing heavy."""

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> list[str]:
    """Name the modules that hold the parts."""
    return ["i2ikit_projected.discriminator", "i2ikit_projected.timm_network"]
