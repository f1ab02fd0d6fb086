"""The shapes of a training batch, from the config; an image is read only where the config does not set its size."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from i2ikit.build import REFUSALS, Builder, is_part, registry_of_argument
from i2ikit.config.channels import LABEL, channels_of_images
from i2ikit.config.data import SHARED_SIZES, dataset_config
from i2ikit.errors import I2IKitError
from i2ikit.registry import TRANSFORMS

if TYPE_CHECKING:
    from torch import Tensor

    from i2ikit.data.loading import MapDataset
    from i2ikit.translation import UnpairedTranslation

SIZES = ((640, 480), (333, 500))  # of images, to test whether a transform makes one size of all
SIDES = ("load_size", "crop_size", "size", "height", "width")  # arguments that set a side of the images
SCALES = {"Resize": "size", "ResizeCropFlip": "load_size", "ScaleWidth": "load_size", "Stripes": "load_size"}
LARGEST_TRIAL = 4096  # pixels of a side: an image of more is not made for a test
Shape = tuple[int, int, int, int]


def batch_shapes(
    config: Mapping[str, Any], model: "UnpairedTranslation", dataset: "MapDataset | None" = None
) -> dict[str, Shape]:
    """Return the shapes (B, C, H, W) of the real images in a batch, by name.

    Args:
        config: resolved.
        model: its first generator determines the channels of both domains where the data does not.
        dataset: the training data, for configs that do not set the size; None: not available.

    Raises:
        I2IKitError: the size is unknown.
    """
    batch, channels = config["data"]["batch_size"], channels_of_images(config, model)
    size = size_in_config(config)
    found = {"a": size, "b": size} if size else _size_of_item(dataset)
    if found is None:
        raise I2IKitError("the size of the training images is unknown: set data.crop_size, or provide the data")
    return {name: (batch, channels[name], *found["b" if name[0] == "b" else "a"]) for name in channels}


def images_without_values(shapes: Mapping[str, Sequence[int]]) -> dict[str, "Tensor"]:
    """Return a batch of these shapes on torch's meta device; labels have codes."""
    import torch

    return {
        name: torch.zeros(*shape, device="meta", dtype=torch.int64 if name.endswith(LABEL) else torch.float32)
        for name, shape in shapes.items()
    }


def size_in_config(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the height and width of all training images, where the data set or its transform makes them equal.

    None where they depend on the files, or where the transform cannot be used.
    """
    train = dataset_config(config["data"], "train")
    if not is_part(train):
        return None
    if not is_part(train.get("transform")):
        side = train.get("crop_size", train.get("load_size"))
        return (side, side) if isinstance(side, int) else None
    if any(value > LARGEST_TRIAL for _, value in _sides(train["transform"], ())):
        return None
    transform = Builder().part(TRANSFORMS, train["transform"], "data.train.transform")
    if transform is None:
        return None
    from PIL import Image

    from i2ikit.data.randomness import seeded

    with seeded(0), suppress(I2IKitError, *REFUSALS):  # those are reported where the images are read
        sizes = {tuple(transform(Image.new("RGB", size)).shape[-2:]) for size in SIZES}
        height, width = sizes.pop()
        return None if sizes else (height, width)
    return None


def training_size(config: Mapping[str, Any]) -> int | None:
    """Return the pixels, about, of the shorter side of the images that networks see in the training of a config.

    None if its transforms do not scale images to a size: images of any size are cropped, for example.
    """
    data = config.get("data")
    scale = _scale(dataset_config(data, "train")) if isinstance(data, Mapping) and data.get("train") else None
    return scale and min(size_in_config(config) or (scale,))


def _scale(config: Any) -> int | None:
    """Return the size in the first part, of a nested config, that scales images to a size."""
    if is_part(config) and isinstance(size := config.get(SCALES.get(str(config["type"]), "")), int):
        return size
    inner = config.values() if isinstance(config, Mapping) else config if isinstance(config, list) else ()
    return next((size for value in inner if (size := _scale(value)) is not None), None)


def side_key(config: Mapping[str, Any], side: int) -> str:
    """Return the key path that gives the training images a side of that length; an empty string for none."""
    data = config["data"]
    found = [keys for keys, value in _sides(dataset_config(data, "train"), ()) if value == side]
    if not found:
        return ""
    own = data["train"]
    for key in found[-1]:
        own = (own.get(key) if isinstance(own, Mapping) else own[int(key)]) if own is not None else None
    return ".".join(("data", "train", *found[-1])) if own is not None else f"data.{SHARED_SIZES[found[-1][-1]]}"


def _sides(config: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the key path and the value of each argument that sets a side, in a part and in its transforms."""
    if isinstance(config, list):
        for index, item in enumerate(config):
            yield from _sides(item, (*keys, str(index)))
    elif is_part(config):
        for key, value in config.items():
            if key in SIDES and isinstance(value, int):
                yield (*keys, key), value
            elif registry_of_argument(key) is TRANSFORMS:
                yield from _sides(value, (*keys, key))


def _size_of_item(dataset: "MapDataset | None") -> dict[str, tuple[int, int]] | None:
    if dataset is None:
        return None
    from i2ikit.data.randomness import seeded

    with seeded(0), suppress(Exception):  # what a data set raises is reported where its batches are made
        height, width = (item := dataset[0])["a"].shape[-2:]
        return {"a": (height, width), "b": tuple(item["b"].shape[-2:])}
    return None
