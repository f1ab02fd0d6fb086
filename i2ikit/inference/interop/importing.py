"""Files of published weights as one checkpoint."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.environment import versions
from i2ikit.errors import CheckpointError, ConfigError
from i2ikit.inference.interop.detection import detect, head_widths
from i2ikit.inference.interop.files import network_name, published_name
from i2ikit.inference.interop.fitting import fit
from i2ikit.inference.interop.layouts import layout_of
from i2ikit.inference.interop.reading import read_weights
from i2ikit.inference.interop.renaming import Rename, rename
from i2ikit.inference.interop.taps import published_taps
from i2ikit.registry import DISCRIMINATORS, GENERATORS, HEADS, Registry

REGISTRY_OF = {"generators": GENERATORS, "discriminators": DISCRIMINATORS, "heads": HEADS}
DEFAULT_NAMES = {  # of a file whose name says nothing, in this order
    "generators": ("generators.ab", "generators.ba"),
    "discriminators": ("discriminators.b", "discriminators.a"),
    "heads": ("heads.f",),
}
# Published layer numbers that a head may have been made for, and whether the pass that they are read from ends there.
HEAD_LAYERS = (((0, 4, 8, 12, 16), True), ((4, 8, 12, 16), True), ((3, 7, 13), False), ((0, 2, 4), True))
# What these numbers mean in a generator of the published depth, for heads that i2ikit trained on another one.
HEAD_TAPS = (["pad", "down1_conv", "down2_conv", "block1", "block5"], ["stem", "down1", "block2"])


@dataclass
class Imported:
    """What was found in one file.

    Attributes:
        path: of the file.
        name: full name of the network in the checkpoint, such as ``generators.ab``.
        config: of the network.
        parameters: their number.
        notes: what had to be done to the names and the entries.
    """

    path: Path
    name: str
    config: dict[str, Any]
    parameters: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class _File:
    path: Path
    state: dict[str, Tensor]
    found: Imported


def import_files(sources: Sequence[str], renames: Sequence[str] = ()) -> tuple[Checkpoint, list[Imported]]:
    """Read files of published weights, tell their architectures, and put them into one checkpoint.

    Args:
        sources: files, each with ``NAME=`` before it where its name does not end in ``_net_NAME``: the published name
            of the network, such as G, D_A or F1.
        renames: ``OLD=NEW`` patterns for names of other people's code, see :class:`Rename`.

    Returns:
        the checkpoint, whose config has the networks alone, and what was found in each file.

    Raises:
        CheckpointError: a file cannot be read, or entries fit nothing; the message lists them.
    """
    patterns = [Rename.parse(text) for text in renames]
    files: dict[str, _File] = {}
    for source in sources:
        file = _recognize(source, patterns, taken=files)
        if file.found.name in files:
            other = files[file.found.name].path
            raise CheckpointError(
                f"{other} and {file.path} would both be {file.found.name}; say which network a file is: G_A=FILE"
            )
        files[file.found.name] = file
    model: dict[str, dict[str, Any]] = {kind: {} for kind in REGISTRY_OF}
    weights: dict[str, Tensor] = {}
    for name in sorted(files, key=lambda each: list(REGISTRY_OF).index(each.partition(".")[0])):  # heads come last
        weights |= {f"{name}.{key}": value for key, value in _fitted(files[name], model).items()}
    config = {"model": {"type": "UnpairedTranslation", **{kind: parts for kind, parts in model.items() if parts}}}
    origin = {name: file.path.name for name, file in files.items()}
    checkpoint = Checkpoint(config=config, model=weights, versions=versions(), extra={"imported": origin})
    return checkpoint, [file.found for file in files.values()]


def _recognize(source: str, patterns: Sequence[Rename], taken: Mapping[str, _File]) -> _File:
    """Read one file and tell what network it holds and how it is called."""
    published, path = _split(source)
    state, notes = read_weights(path)
    if patterns:
        state = rename(state, patterns, str(path))
    kind, config = detect(state, str(path))
    if published is not None:
        name = network_name(published)
    else:
        name = next((each for each in DEFAULT_NAMES[kind] if each not in taken), DEFAULT_NAMES[kind][0])
    if not name.startswith(kind):
        raise CheckpointError(f"{path} should be {published}, but holds a {config['type']}")
    return _File(path, state, Imported(path, name, config, notes=notes))


def _split(source: str) -> tuple[str | None, Path]:
    """Return the published name of a network and its file; the name from the file's own if none was given."""
    name, equals, file = source.partition("=")
    if equals and not Path(source).exists():
        return name, Path(file)
    return published_name(Path(source)), Path(source)


def _fitted(file: _File, model: dict[str, dict[str, Any]]) -> dict[str, Tensor]:
    """Return the weights of a file under own names, and note its network's config in ``model``."""
    kind, _, short = file.found.name.partition(".")
    given: dict[str, Any] = {}
    if kind == "heads":
        generator = "ba" if short == "ba" else "ab"
        given["widths"] = head_widths(file.state)
        file.found.config |= {"of": generator, "taps": _head_taps(file, model["generators"].get(generator))}
    config = file.found.config
    made = {key: value for key, value in config.items() if key not in ("of", "taps")}
    network = _build(REGISTRY_OF[kind], made, str(file.path), **given)
    own = fit(network, file.state, str(file.path))
    file.found.parameters = sum(parameter.numel() for parameter in network.parameters())
    file.found.notes += _notes(network, file.state)
    model[kind][short] = config
    return own


def _build(registry: Registry, config: Mapping[str, Any], source: str, **given: Any) -> nn.Module:
    """Build a network without memory for its weights."""
    builder = Builder()
    with torch.device("meta"):
        network: nn.Module | None = builder.part(registry, config, "network", **given)
    if network is None:
        raise CheckpointError(f"{source} is no network that can be built: {builder.errors[0].message}")
    return network


def _head_taps(file: _File, config: Mapping[str, Any] | None) -> list[str]:
    """Return the taps that a head was made for: published ones whose channels are those that it takes."""
    if config is None:
        raise CheckpointError(f"{file.path} is a head; import it together with its generator, which it depends on")
    generator: Any = _build(GENERATORS, config, str(file.path))
    widths = head_widths(file.state)
    for taps in _usual_taps(generator):
        if generator.widths(taps) == widths:
            return taps
    raise CheckpointError(
        f"{file.path} is a head for layers of {', '.join(map(str, widths))} channels, "
        "and none of the published lists of layers of its generator has those"
    )


def _usual_taps(generator: Any) -> Iterator[list[str]]:
    """Yield the lists of taps that heads of a generator are usually made for."""
    for numbers, encode_only in HEAD_LAYERS:
        with suppress(ConfigError):  # this generator has no such layers
            yield published_taps(generator, numbers, encode_only=encode_only)
    for taps in (*HEAD_TAPS, HEAD_TAPS[0][1:]):
        if set(taps) <= set(generator.tap_names):
            yield taps


def _notes(network: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Say which entries were left out or filled in."""
    layout = layout_of(network)
    notes = []
    if dropped := len(layout.ignored & set(state)):
        notes.append(f"left out {dropped} statistics of instance norms, which use none")
    if kernels := sum(isinstance(entry, Tensor) for entry in layout.entries.values()):
        notes.append(f"compared {kernels} blur kernels, which are not weights")
    if filled := len(layout.canceled - set(state)):
        notes.append(f"filled in {filled} biases with 0, which an instance norm cancels anyway")
    return notes
