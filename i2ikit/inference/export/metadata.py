"""What an exported file says about itself."""

import json
from typing import Any

from i2ikit.engine.checkpointing.checkpoint import Checkpoint
from i2ikit.errors import I2IKitError
from i2ikit.images import Reader
from i2ikit.images.planes import EIGHT_BITS
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.tensor_files import content_hash
from i2ikit.translation.outputs import domains_of
from i2ikit.version import __version__

COLORS = {1: "gray", 3: "RGB"}


def describe(
    trained: TrainedModel,
    name: str,
    content: Checkpoint,
    *,
    weights: str,
    precision: str,
    uint8: bool,
    channels: tuple[int, int],
) -> dict[str, str]:
    """Return the metadata of an exported generator; all values are text, some of it JSON.

    Args:
        trained: the model.
        name: of the output.
        content: what is published of it.
        weights: ``"average"`` or ``"raw"``, which are in it.
        precision: of the file.
        uint8: whether it takes bytes.
        channels: of input and output.
    """
    source, target = domains_of(name)
    readers = trained.readers(channels[0])
    return {
        "format": "i2ikit generator",
        "i2ikit": __version__,
        "translation": name,
        "weights": weights,
        "source": source,
        "target": target,
        "input": _about(channels[0], readers[source], uint8=uint8),
        "output": _about(channels[1], readers[target], uint8=uint8),
        "layout": "NHWC" if uint8 else "NCHW",
        "range": "0..255" if uint8 else "-1..1",
        "precision": precision,
        "config": json.dumps(content.config),
        "versions": json.dumps(content.versions),
        "plugins": json.dumps(content.plugins),
        "step": str(content.progress.get("step", "unknown")),
        "weights_hash": content_hash(dict(sorted(content.model.items()))),
    }


def _about(channels: int, reader: Reader, *, uint8: bool) -> str:
    colors = "RGB and opacity" if reader.keeps_alpha and channels == 4 else COLORS.get(channels, f"{channels} channels")
    if uint8:
        return f"uint8 (batch, height, width, {channels}), {colors}, 0 is black, 255 is white"
    low, high = reader.value_range or (0, 1)
    stored = f", which are {low:g} and {high:g} in files" if reader.value_range else ""
    return f"float32 (batch, {channels}, height, width), {colors}, -1 is black, 1 is white{stored}"


def refuse_bytes(reader: Reader, name: str) -> None:
    """Raise I2IKitError if images of a domain are not read as bytes.

    Args:
        reader: of the domain.
        name: of the domain.
    """
    limits: Any = reader.value_range
    if limits not in (None, EIGHT_BITS):
        raise I2IKitError(
            f"--uint8 takes values 0..255, but images of domain {name} were read with values "
            f"{limits[0]:g}..{limits[1]:g}: leave it out, and scale them to -1..1."
        )
