"""The shapes of a training batch, from the config; an image is read only where the config does not set its size."""

from collections.abc import Mapping
from typing import Any

from PIL import Image

from i2ikit.build import Builder, is_part
from i2ikit.config.data import dataset_config
from i2ikit.data.loading import MapDataset
from i2ikit.data.randomness import seeded
from i2ikit.errors import DataError, I2IKitError
from i2ikit.registry import TRANSFORMS
from i2ikit.translation import UnpairedTranslation

SIZES = ((640, 480), (333, 500))  # of images, to test whether a transform makes one size of all
Shape = tuple[int, int, int, int]


def batch_shapes(
    config: Mapping[str, Any], model: UnpairedTranslation, dataset: MapDataset | None = None
) -> dict[str, Shape]:
    """Return the shapes (B, C, H, W) of the domains ``a`` and ``b`` in a batch.

    Args:
        config: resolved.
        model: its first generator determines the channels of both domains.
        dataset: the training data, for configs that do not set the size; None: not available.

    Raises:
        I2IKitError: the size is unknown.
    """
    batch = config["data"]["batch_size"]
    found = _size_in_config(config) or _size_of_item(dataset)
    if found is None:
        raise I2IKitError("the size of the training images is unknown: set data.crop_size, or provide the data")
    channels = _channels(model)
    return {domain: (batch, channels[domain], *found[domain]) for domain in ("a", "b")}


def _channels(model: UnpairedTranslation) -> dict[str, int]:
    name, generator = next(iter(model.generators.items()))
    network: Any = generator
    source = getattr(network, "in_channels", 3)
    target = network.widths(("out",))[0] if hasattr(network, "widths") else source
    return {"a": source, "b": target} if name.startswith("a") else {"a": target, "b": source}


def _size_in_config(config: Mapping[str, Any]) -> dict[str, tuple[int, int]] | None:
    """Return the size of the data set, or the output size of its transform if that is the same for all images."""
    train = dataset_config(config["data"], "train")
    if not is_part(train.get("transform")):
        side = train.get("crop_size", train.get("load_size"))
        return None if side is None else dict.fromkeys(("a", "b"), (side, side))
    transform = Builder().part(TRANSFORMS, train["transform"], "data.train.transform")
    if transform is None:
        return None
    with seeded(0):
        sizes = {tuple(transform(Image.new("RGB", size)).shape[-2:]) for size in SIZES}
    height, width = sizes.pop()
    return None if sizes else dict.fromkeys(("a", "b"), (height, width))


def _size_of_item(dataset: MapDataset | None) -> dict[str, tuple[int, int]] | None:
    if dataset is None:
        return None
    try:
        with seeded(0):
            item = dataset[0]
    except DataError:
        return None
    height, width = item["a"].shape[-2:]
    return {"a": (height, width), "b": tuple(item["b"].shape[-2:])}
