"""Names of the published code's files, and of the networks in them."""

import re
from pathlib import Path

from i2ikit.errors import CheckpointError, nearest_hint

ONE_SIDED = {"G": "generators.ab", "D": "discriminators.b", "F": "heads.f"}
TWO_SIDED = {
    "G_A": "generators.ab",
    "G_B": "generators.ba",
    "D_A": "discriminators.b",  # it judges what G_A makes
    "D_B": "discriminators.a",
    "F1": "heads.ab",
    "F2": "heads.ba",
}
NETWORKS = ONE_SIDED | TWO_SIDED


def network_name(published: str) -> str:
    """Return our full name of a published network: ``generators.ab`` for ``G``.

    Raises:
        CheckpointError: no published code has a network of that name.
    """
    if published not in NETWORKS:
        known = nearest_hint(published, NETWORKS) or f" There are: {', '.join(NETWORKS)}."
        raise CheckpointError(f"the published code has no network {published!r}.{known}")
    return NETWORKS[published]


def published_name(path: Path) -> str | None:
    """Return the network that a published file name names: ``G_A`` of ``latest_net_G_A.pth``; None if it names none."""
    match = re.search(r"_net_(\w+)$", path.stem)
    return match[1] if match and match[1] in NETWORKS else None
