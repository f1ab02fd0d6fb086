"""The shapes of a training batch, from the config: data is read only where nothing else tells them."""

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

IMAGES = ((640, 480), (333, 500))  # whose transforms tell whether all images come out alike
Shape = tuple[int, int, int, int]


def batch_shapes(
    config: Mapping[str, Any], model: UnpairedTranslation, dataset: MapDataset | None = None
) -> dict[str, Shape]:
    """Return the shapes (B, C, H, W) of the domains ``a`` and ``b`` in a batch.

    Args:
        config: resolved.
        model: its first generator tells the channels of both domains.
        dataset: the training data, read where the config does not tell the size; None: it is not there.

    Raises:
        I2IKitError: nothing tells the size.
    """
    batch = config["data"]["batch_size"]
    found = _size_of_transform(config) or _size_in_config(config) or _size_of_item(dataset)
    if found is None:
        raise I2IKitError("nothing tells the size of the training images: set data.crop_size, or give the data")
    channels = _channels(model)
    return {domain: (batch, channels[domain], *found[domain]) for domain in ("a", "b")}


def _channels(model: UnpairedTranslation) -> dict[str, int]:
    name, generator = next(iter(model.generators.items()))
    outside: Any = generator
    taken = getattr(outside, "in_channels", 3)
    made = outside.widths(("out",))[0] if hasattr(outside, "widths") else taken
    return {"a": taken, "b": made} if name.startswith("a") else {"a": made, "b": taken}


def _size_of_transform(config: Mapping[str, Any]) -> dict[str, tuple[int, int]] | None:
    """Return what the training transform makes of any image, if that is one size."""
    train = dataset_config(config["data"], "train")
    if not is_part(train.get("transform")):
        return None
    transform = Builder().part(TRANSFORMS, train["transform"], "data.train.transform")
    if transform is None:
        return None
    with seeded(0):
        made = {tuple(transform(Image.new("RGB", size)).shape[-2:]) for size in IMAGES}
    height, width = made.pop()
    return None if made else dict.fromkeys(("a", "b"), (height, width))


def _size_in_config(config: Mapping[str, Any]) -> dict[str, tuple[int, int]] | None:
    """Return the square that the data set is told to make."""
    train = dataset_config(config["data"], "train")
    if is_part(train.get("transform")):
        return None  # which makes several sizes
    side = train.get("crop_size", train.get("load_size"))
    return None if side is None else dict.fromkeys(("a", "b"), (side, side))


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
