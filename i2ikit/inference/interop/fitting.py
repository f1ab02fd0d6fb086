"""Published weights into a network, and back."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from i2ikit.errors import CheckpointError
from i2ikit.inference.interop.layouts import Layout, layout_of

SHOWN = 60  # lines of a list in a message


def fit(network: nn.Module, published: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Return published weights under the names of ``network``, whose state dict they become.

    Args:
        network: of the architecture that the weights are for.
        published: the published state dict; statistics of instance norms are left out, blur kernels compared.
        source: of the weights, for messages.

    Raises:
        CheckpointError: a name fits nothing, a shape is another one, a weight is missing or a kernel is not the
            published one; the message lists all of them.
    """
    layout = layout_of(network)
    own = network.state_dict()
    wrong = [error for name, value in published.items() if (error := _error(layout, own, name, value))]
    missing = [name for name in layout.entries if name not in published and name not in layout.canceled]
    if wrong or missing:
        lines = _listed("fit nothing", wrong) + _listed("are missing", missing)
        kind = type(network).__name__
        hint = "Names of other code can be changed with --rename OLD=NEW."
        raise CheckpointError("\n".join([f"{source} does not fit a {kind}:", *lines, f"  {hint}"]))
    dtype = next(iter(published.values())).dtype
    return {
        entry: published[name] if name in published else torch.zeros(own[entry].shape, dtype=dtype)
        for name, entry in layout.entries.items()
        if isinstance(entry, str)
    }


def unfit(network: nn.Module, weights: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Return the weights of a network as the published code would write them: its names, its order, its blur kernels.

    Args:
        network: any that some published code has.
        weights: instead of the network's own, under its names.

    Raises:
        CheckpointError: no published code has such a network.
    """
    state = network.state_dict() if weights is None else weights
    entries = layout_of(network).entries
    return {name: state[entry] if isinstance(entry, str) else entry for name, entry in entries.items()}


def _error(layout: Layout, own: Mapping[str, Tensor], name: str, value: Tensor) -> str:
    """Say what is wrong with one published entry, or return an empty string."""
    if name in layout.ignored:
        return ""
    entry = layout.entries.get(name)
    if entry is None:
        return f"{name} {list(value.shape)}"
    expected = own[entry] if isinstance(entry, str) else entry
    if value.shape != expected.shape:
        return f"{name} {list(value.shape)}, where {list(expected.shape)} is needed"
    if isinstance(entry, Tensor) and not torch.allclose(value.float(), entry, rtol=0, atol=1e-6):
        return f"{name} is another kernel than the published one"
    return ""


def _listed(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = [f"    and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return [f"  these {what}:", *(f"    {name}" for name in names[:SHOWN]), *more]
