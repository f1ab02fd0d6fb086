"""Builds the model from its config, noting every error."""

from collections.abc import Mapping
from typing import Any

from i2ikit.build import Builder
from i2ikit.translation.build_networks import NetworksBuilder
from i2ikit.translation.build_phases import PhasesBuilder
from i2ikit.translation.model import UnpairedTranslation
from i2ikit.translation.notes import check_keys

SECTIONS = ("type", "generators", "discriminators", "heads", "averages", "views", "phases")


def build_model(config: Mapping[str, Any], builder: Builder, path: str = "model") -> UnpairedTranslation | None:
    """Build the model of a config: networks first, then the phases that read and update them.

    Args:
        config: the ``model`` section; see docs/methods for what it says.
        builder: takes the errors.
        path: key path of the section.

    Returns:
        the model, or None after noting at least one error.
    """
    before = len(builder.errors)
    check_keys(builder, config, SECTIONS, path)
    if config.get("type", "UnpairedTranslation") != "UnpairedTranslation":
        builder.error(f"{path}.type", "the model is always 'UnpairedTranslation'")
    networks = NetworksBuilder(config, builder, path)
    networks.build()
    phases = PhasesBuilder(config, builder, path, networks).build()
    if len(builder.errors) > before:
        return None
    return UnpairedTranslation(**networks.kinds, views=networks.views, phases=phases, averages=networks.averages)
