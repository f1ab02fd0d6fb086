"""Files of the published code: the networks in their names, and the weights in them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from i2ikit.errors import CheckpointError, nearest_hint
from i2ikit.tensor_files import find_not_finite, read_tensors

ONE_SIDED = {"G": "generators.ab", "D": "discriminators.b", "F": "heads.f"}
TWO_SIDED = {
    "G_A": "generators.ab",
    "G_B": "generators.ba",
    "D_A": "discriminators.b",  # the discriminator of G_A's outputs
    "D_B": "discriminators.a",
    "F1": "heads.ab",
    "F2": "heads.ba",
}
NETWORKS = ONE_SIDED | TWO_SIDED


def network_name(published: str) -> str:
    """Return our full name of a published network: ``generators.ab`` for ``G``.

    Raises:
        CheckpointError: the published code has no network of that name.
    """
    if published not in NETWORKS:
        known = nearest_hint(published, NETWORKS) or f" There are: {', '.join(NETWORKS)}."
        raise CheckpointError(f"the published code has no network {published!r}.{known}")
    return NETWORKS[published]


def published_name(path: Path) -> str | None:
    """Return the published network of a file name: ``G_A`` of ``latest_net_G_A.pth``; None for any other name."""
    match = re.search(r"_net_(\w+)$", path.stem)
    return match[1] if match and match[1] in NETWORKS else None


def read_weights(path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Read a state dict, without running code that the file may contain.

    Returns:
        tensors by name, and notes about how they were found.

    Raises:
        CheckpointError: the file is missing or damaged, holds types beyond tensors and plain data, no state dict, or
            weights that are not finite.
    """
    content = read_tensors(path, before_zip=True)
    if _is_state_dict(content):
        return _finite(path, content), []
    found = {name: value for name, value in content.items() if _is_state_dict(value)} if _is_mapping(content) else {}
    if len(found) == 1:
        name, state = next(iter(found.items()))
        return _finite(path, state), [f"used the entry {name!r} of the file"]
    several = f"it holds {len(found)} state dicts: {', '.join(map(repr, found))}; save the right one to its own file"
    raise CheckpointError(f"{path} is not a state dict; {several if found else 'it holds none'}")


def _finite(path: Path, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    wrong = find_not_finite(state)
    if wrong:
        raise CheckpointError(f"{path} cannot be used: {wrong}")
    return dict(state)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _is_state_dict(value: Any) -> bool:
    return _is_mapping(value) and bool(value) and all(isinstance(item, Tensor) for item in value.values())
