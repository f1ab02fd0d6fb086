"""Files of published weights as one checkpoint."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.environment import versions
from i2ikit.errors import CheckpointError
from i2ikit.files import expanded
from i2ikit.inference.interop.detection import detect, head_widths, published_spelling
from i2ikit.inference.interop.files import network_name, published_name, read_weights
from i2ikit.inference.interop.fitting import fit
from i2ikit.inference.interop.layouts import layout_of
from i2ikit.inference.interop.taps import head_taps
from i2ikit.inference.trained_model import REGISTRIES

DEFAULT_NAMES = {  # of files whose names do not name a network, in this order
    "generators": ("generators.ab", "generators.ba"),
    "discriminators": ("discriminators.b", "discriminators.a"),
    "heads": ("heads.f",),
}


@dataclass
class ImportedNetwork:
    """The network of one file.

    Attributes:
        path: of the file.
        name: full name of the network in the checkpoint, such as ``generators.ab``.
        config: of the network.
        state: its weights under the published names.
        parameters: number of parameters.
        notes: how the entries of the file were read.
    """

    path: Path
    name: str
    config: dict[str, Any]
    state: Mapping[str, Tensor] = field(repr=False)
    parameters: int = 0
    notes: list[str] = field(default_factory=list)


def import_files(sources: Sequence[str]) -> tuple[Checkpoint, list[ImportedNetwork]]:
    """Read files of published weights, detect their architectures, and combine them into one checkpoint.

    Args:
        sources: files, each prefixed with ``NAME=`` where its name does not end in ``_net_NAME``; NAME is the published
            name of the network, such as G, D_A or F1.

    Returns:
        the checkpoint, whose config has only the networks, and the network of each file.

    Raises:
        CheckpointError: a file cannot be read, or its entries do not fit.
    """
    networks: dict[str, ImportedNetwork] = {}
    for source in sources:
        found = _recognize(source, taken=networks)
        if found.name in networks:
            other = networks[found.name].path
            raise CheckpointError(
                f"{other} and {found.path} would both be {found.name}; name the network of a file: G_A=FILE"
            )
        networks[found.name] = found
    model: dict[str, dict[str, Any]] = {kind: {} for kind in REGISTRIES}
    weights: dict[str, Tensor] = {}
    for name in sorted(networks, key=lambda each: list(REGISTRIES).index(each.partition(".")[0])):  # heads come last
        weights |= {f"{name}.{key}": value for key, value in _fitted(networks[name], model).items()}
    config = {"model": {"type": "UnpairedTranslation", **{kind: parts for kind, parts in model.items() if parts}}}
    origin = {name: found.path.name for name, found in networks.items()}
    checkpoint = Checkpoint(config=config, model=weights, versions=versions(), extra={"imported": origin})
    return checkpoint, list(networks.values())


def _recognize(source: str, taken: Collection[str]) -> ImportedNetwork:
    """Read one file; detect its network and name it."""
    published, path = _split(source)
    entries, notes = read_weights(path)
    state, spelling = published_spelling(entries)
    kind, config = detect(state, str(path))
    if published is not None:
        name = network_name(published)
    else:
        name = next((each for each in DEFAULT_NAMES[kind] if each not in taken), DEFAULT_NAMES[kind][0])
    if not name.startswith(kind):
        raise CheckpointError(f"{path} should be {published}, but holds a {config['type']}")
    return ImportedNetwork(path, name, config, state, notes=[*notes, *spelling])


def _split(source: str) -> tuple[str | None, Path]:
    """Return the published name of a network and its file; the name from the file name if none was given."""
    name, equals, file = source.partition("=")
    if equals and not Path(source).exists():
        return name, expanded(file)
    return published_name(Path(source)), expanded(source)


def _fitted(found: ImportedNetwork, model: dict[str, dict[str, Any]]) -> dict[str, Tensor]:
    """Return the weights of a file under our names, and add the config of its network to ``model``."""
    kind, _, short = found.name.partition(".")
    config, given = dict(found.config), {}
    if kind == "heads":
        generator = "ba" if short == "ba" else "ab"
        given["widths"] = head_widths(found.state)
        found.config |= {"of": generator, "taps": _taps(found, model["generators"].get(generator))}
    network = _build(kind, config, str(found.path), **given)
    weights = fit(network, found.state, str(found.path))
    found.parameters = sum(parameter.numel() for parameter in network.parameters())
    found.notes += _notes(network, found.state)
    model[kind][short] = found.config
    return weights


def _build(kind: str, config: Mapping[str, Any], source: str, **given: Any) -> nn.Module:
    """Build a network on the meta device, without memory for its weights."""
    builder = Builder()
    with torch.device("meta"):
        network: nn.Module | None = builder.part(REGISTRIES[kind], config, "network", **given)
    if network is None:
        raise CheckpointError(f"the network of {source} cannot be built: {builder.errors[0].message}")
    return network


def _taps(head: ImportedNetwork, generator: Mapping[str, Any] | None) -> list[str]:
    """Return the taps of a head: the published ones whose channels are those that it takes."""
    if generator is None:
        raise CheckpointError(f"{head.path} is a head; import it together with its generator, which it depends on")
    widths = head_widths(head.state)
    taps = head_taps(_build("generators", generator, str(head.path)), widths)
    if taps is None:
        raise CheckpointError(
            f"{head.path} is a head for layers of {', '.join(map(str, widths))} channels, "
            "and none of the published lists of layers of its generator has those"
        )
    return taps


def _notes(network: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Return how the entries of a file that fits were read."""
    layout = layout_of(network)
    ignored = len(layout.ignored & set(state))
    counts = {
        "matched {} entries of other names by order and shape": len(set(state) - set(layout.entries) - layout.ignored),
        "ignored {} statistics of instance norms, which use none": ignored,
        "compared {} blur kernels, which are not weights": sum(isinstance(e, Tensor) for e in layout.entries.values()),
        "set {} missing biases to 0, which an instance norm cancels": len(layout.entries) - len(state) + ignored,
    }
    return [text.format(count) for text, count in counts.items() if count]
