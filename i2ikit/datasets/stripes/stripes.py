"""The embedded data set: synthetic horses and zebras, nothing to download."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from i2ikit.checks import not_negative_int, one_of, positive_int, side
from i2ikit.datasets.extra import MASK, draws, names_of
from i2ikit.datasets.stripes.render import Scene
from i2ikit.errors import DataError
from i2ikit.files import cannot_write, expanded, folder_atomically
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.ops.streams import restored_streams
from i2ikit.registry import DATASETS

COUNTS = {"train": 500, "test": 96}
SPLITS = {"train": 0, "test": 1}  # first word of a scene's key after the seed
DOMAINS = {"a": 0, "b": 1}  # third word


@DATASETS.register_module()
class Stripes(Dataset[dict[str, Any]]):
    """Plain (domain a) and striped (domain b) four-legged animals in landscapes, rendered from a seed.

    The scenes of the train split are unpaired: item i is scene i of domain a, and a scene of domain b that is sampled
    from torch's global generator. The test split is paired: b is the scene of a with striped fur, and the mask shows
    the animal. A scene depends on (seed, split, domain, index) alone, and looks the same at every size. Scenes are
    rendered at first use, and kept as bytes.

    Args:
        split: "train" or "test".
        count: scenes per domain, >= 1; None means 500 for train and 96 for test.
        load_size: height and width of the images in pixels, >= 1.
        seed: >= 0; another seed is another set of scenes from the same world.
        extra: further images, as for :class:`UnpairedFolders`: the mask of an animal, and as its label 1 for the animal
            and 0 for the landscape.
        transform: PIL image to float32 tensor (3, H, W) in -1..1; None changes nothing but the type. For the test
            split it must not be random, which would separate the pairs.

    Returns:
        items {"a", "b": tensors (3, H, W), "a_path", "b_path": names such as "stripes/trainA/0007.png"}; in the test
        split also "mask": float32 (1, H, W) of 0 and 1, resized (nearest) to the size of b; and those of ``extra``.

    Raises:
        ValueError: an argument is outside its range.
    Example:
        >>> item = Stripes("test", count=1, load_size=16)[0]
        >>> {name: tuple(value.shape) for name, value in item.items() if isinstance(value, torch.Tensor)}
        {'a': (3, 16, 16), 'b': (3, 16, 16), 'mask': (1, 16, 16)}
    """

    channels = 3

    def __init__(
        self,
        split: str = "train",
        count: int | None = None,
        *,
        load_size: int = 64,
        seed: int = 0,
        transform: Callable[[Image.Image], Tensor] | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self.split = one_of("split", split, COUNTS)
        self.count = positive_int("count", COUNTS[split] if count is None else count)
        self.load_size = side("load_size", load_size)
        self.seed = not_negative_int("seed", seed)
        self.transform = transform or image_to_tensor
        self.draws = draws(extra)
        self._drawn: dict[tuple[str, int], NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < self.count:
            raise IndexError(f"scene {index} of {self.count}")
        item: dict[str, Any] = {}
        indices = {domain: self._index(domain, index) for domain in DOMAINS}  # before the random transforms
        for draw in self.draws:
            item |= self._draw(draw, indices[draw] if draw in indices else self._index(draw, index))
        if self.split == "test":
            mask = torch.from_numpy(self._image("a_mask", index))[None, None].float()  # (1, 1, S, S)
            item["mask"] = F.interpolate(mask, item["b"].shape[-2:], mode="nearest")[0]
        return item

    @staticmethod
    def image_names(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the images of an item, from the arguments in a config."""
        return names_of(draws(arguments.get("extra") or ()))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, counted from 1, of the transform."""
        if hasattr(self.transform, "set_epoch"):
            self.transform.set_epoch(epoch)

    def _index(self, draw: str, index: int) -> int:
        """Return which scene a draw of an item is."""
        if self.split == "test":
            return (index + (len(draw) > 1)) % self.count  # a second image is the next one
        return index if draw == "a" else int(torch.randint(self.count, ()))

    def _draw(self, draw: str, index: int) -> dict[str, Any]:
        """Return an image, its path, and the mask and the label that come with it."""
        domain, item = draw[0], dict[str, Any]()
        for kind in self.draws[draw]:
            codes = self._image(f"{domain}_mask", index).astype(np.int32)
            with restored_streams():  # for the image
                moved = self.transform(Image.fromarray(codes))
            item[f"{draw}_{kind}"] = moved.float() if kind == MASK else moved
        path = f"stripes/{self.split}{domain.upper()}/{index:04d}.png"
        return {draw: self.transform(Image.fromarray(self._image(domain, index))), f"{draw}_path": path, **item}

    def _image(self, name: str, index: int) -> NDArray[np.uint8]:
        """Return the image or the mask of a domain, or that of both in the test split, as bytes; render what is new."""
        if (name, index) not in self._drawn:
            test = self.split == "test"
            scene = Scene((self.seed, SPLITS[self.split], DOMAINS["a" if test else name[0]]), index, self.load_size)
            for domain in DOMAINS if test else name[0]:  # both domains share the scenes of the test split
                self._drawn[domain, index] = scene.plain() if domain == "a" else scene.striped()
                if test or name not in DOMAINS:
                    self._drawn[f"{domain}_mask", index] = scene.mask().astype(np.uint8)
        return self._drawn[name, index]


def write_stripes(
    folder: str | Path,
    size: int = 64,
    train_count: int = 500,
    test_count: int = 96,
    seed: int = 0,
    *,
    masks: bool = False,
) -> Path:
    """Write the data set as PNG files into ``trainA trainB testA testB``, and the masks of the tests into ``testMask``.

    The files appear all at once: they are written next to ``folder`` under a temporary name, which then changes.

    Args:
        folder: new or empty.
        size: height and width in pixels, >= 1.
        train_count, test_count: images per folder, >= 1.
        seed: >= 0; the same seed gives the images of :class:`Stripes`.
        masks: also write the masks of all images, into ``trainA_mask``, ``trainB_mask`` and so on.

    Returns:
        the folder.

    Raises:
        DataError: the folder is not empty, or is a file.
        I2IKitError, RunError: it cannot be written.
        ValueError: an argument is outside its range.
    """
    folder = expanded(folder).absolute()
    counts = {"train": train_count, "test": test_count}
    splits = {split: Stripes(split, count, load_size=size, seed=seed) for split, count in counts.items()}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is not an empty folder. Name a new folder, or empty this one first.")
    try:
        with folder_atomically(folder) as temporary:
            for split, dataset in splits.items():
                _write_split(temporary, split, dataset, masks)
    except OSError as error:
        raise cannot_write(f"the data set to {folder}", error, "Name another folder.") from error
    return folder


def _write_split(folder: Path, split: str, dataset: Stripes, masks: bool) -> None:
    names = [(f"{domain}_mask", f"{split}{domain.upper()}_mask") for domain in DOMAINS if masks]
    names += [("a_mask", "testMask")] if split == "test" else []
    for kind, name in [*names, *((domain, f"{split}{domain.upper()}") for domain in DOMAINS)]:
        (folder / name).mkdir()
        for index in range(len(dataset)):
            pixels = dataset._image(kind, index)
            Image.fromarray(pixels * np.uint8(255) if kind not in DOMAINS else pixels).save(
                folder / name / f"{index:04d}.png"
            )
