"""Published weights into a network, and back."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn

from i2ikit.errors import CheckpointError
from i2ikit.inference.interop.layouts import Layout, layout_of
from i2ikit.tensor_files import fits

SHOWN = 3  # pairs of names in a message


def fit(network: nn.Module, published: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Return published weights under the names of ``network``, as its state dict.

    Entries whose names are not the published ones are matched in their order, if their shapes are equal.

    Args:
        network: of the architecture of the weights.
        published: the published state dict. Statistics of instance norms are ignored, blur kernels are compared.
        source: of the weights, for messages.

    Raises:
        CheckpointError: entries do not fit, or a blur kernel is not the published one; the message names the first.
    """
    layout = layout_of(network)
    own = network.state_dict()
    expected = {name: own[entry] if isinstance(entry, str) else entry for name, entry in layout.entries.items()}
    pairs = _pairs(layout, list(published))
    wrong = [pair for pair in pairs if not _fits(*pair, published, expected)]
    if wrong:
        shown = [f"{_shown(theirs, published)} / {_shown(ours, expected)}" for theirs, ours in wrong]
        raise _refusal(source, type(network).__name__, shown)
    theirs_of = {ours: theirs for theirs, ours in pairs}
    kernels = {theirs_of[name]: entry for name, entry in layout.entries.items() if isinstance(entry, Tensor)}
    for name, kernel in kernels.items():
        if not torch.allclose(published[name].float(), kernel, rtol=0, atol=1e-6):
            raise CheckpointError(f"{source}: {name} is another blur kernel than the published one")
    dtype = next(iter(published.values())).dtype
    return {
        entry: published[theirs_of[name]] if name in theirs_of else torch.zeros(own[entry].shape, dtype=dtype)
        for name, entry in layout.entries.items()
        if isinstance(entry, str)
    }


def unfit(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a network as the published code would write them: its names, its order, its blur kernels.

    Raises:
        CheckpointError: no published code has such a network.
    """
    state = network.state_dict()
    entries = layout_of(network).entries
    return {name: state[entry] if isinstance(entry, str) else entry for name, entry in entries.items()}


def _pairs(layout: Layout, names: list[str]) -> list[tuple[str, str]]:
    """Return names of a file with the published ones: equal names first, the rest in order; empty for a missing one."""
    extra = [name for name in names if name not in layout.entries and name not in layout.ignored]
    missing = [name for name in layout.entries if name not in names]
    if len(extra) != len(missing):
        missing = [name for name in missing if name not in layout.canceled]
    equal = [(name, name) for name in names if name in layout.entries]
    return [*equal, *zip_longest(extra, missing, fillvalue="")]


def _fits(theirs: str, ours: str, published: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> bool:
    """Return whether two entries are of one kind (weight, bias, ...), shape and type."""
    if theirs not in published or ours not in expected:
        return False
    same_kind = theirs.rpartition(".")[2] == ours.rpartition(".")[2]
    return same_kind and fits(published[theirs], expected[ours])


def _refusal(source: str, kind: str, differing: Sequence[str]) -> CheckpointError:
    lines = "".join(f"\n    {each}" for each in differing[:SHOWN])
    more = f"\n    and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
    return CheckpointError(
        f"{source} does not fit a {kind}. Entries that differ, in the file / in a {kind}:{lines}{more}\n"
        "  If the file has the same layers under other names, rename its entries as shown on the right."
    )


def _shown(name: str, state: Mapping[str, Tensor]) -> str:
    if not name:
        return "-"
    kind = "" if state[name].is_floating_point() else f" of {state[name].dtype}"
    return f"{name} {list(state[name].shape)}{kind}"
