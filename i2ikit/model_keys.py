"""The keys of a model's config: one list for what builds it, what checks it, and what ``--set`` may set."""

from collections.abc import Mapping
from typing import Any

NETWORKS = ("generators", "discriminators", "heads", "extractors", "averages")
MODEL = ("type", *NETWORKS, "views", "images", "outputs", "phases")
PHASE = ("update", "terms", "optimizer", "groups", "before")
AVERAGE = ("of", "momentum", "init")
TERM = ("weight", "stream")  # of every term, whatever its class takes
VIEW = ("stream", "at_test")  # of every view, whatever its class takes
DISCRIMINATOR = ("augment",)  # of every discriminator: a view in front of it
HEAD = ("of", "taps")  # of every head that is made for features of a generator
SAME = "same_as"  # the only key of a network that is another one of its kind


def owner(model: Mapping[str, Any], name: str) -> str:
    """Return the full name of the network whose weights a name stands for: its own, or that of its ``same_as``.

    Args:
        model: the section of a valid config.
        name: full, such as ``"generators.ba"``.
    """
    kind, _, short = name.partition(".")
    config = (model.get(kind) or {}).get(short)
    return f"{kind}.{config[SAME]}" if isinstance(config, Mapping) and SAME in config else name
