"""Projected discriminators as a plugin of i2ikit. Importing this imports nothing heavy."""

from i2ikit.plugin import hookimpl


@hookimpl
def i2ikit_components() -> list[str]:
    """Name the module that holds the discriminator."""
    return ["i2ikit_projected.discriminator"]
