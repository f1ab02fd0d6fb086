"""Images of a domain: read, transformed, cached."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from i2ikit.datasets.domains import DomainImages
from i2ikit.errors import DataError
from i2ikit.images import FileList, Reader
from i2ikit.ops.pixels import Pixels, image_to_tensor
from i2ikit.transforms.random import RandomCrop
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip


def save(folder: Path, name: str = "0.png", size: int = 64) -> FileList:
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((size, size)).save(folder / name)
    return FileList(folder, [name])


class Memory:
    """A cache as a data set sees it."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], Pixels] = {}
        self.made = 0

    def __call__(self, path: str, key: str, make: Callable[[], Pixels]) -> Pixels:
        if (path, key) not in self.held:
            self.made += 1
            self.held[path, key] = make()
        return self.held[path, key]


def test_a_remembered_image_is_made_once_for_each_phase_and_gives_the_same_pixels(tmp_path: Path) -> None:
    plain, cached = (DomainImages(save(tmp_path), Reader(), ResizeCropFlip(24, 16, finetune_after=1)) for _ in range(2))
    cached.remember = Memory()
    for epoch in (1, 1, 2, 2):
        for images in (plain, cached):
            images.set_epoch(epoch)
        torch.manual_seed(epoch)
        expected = plain[0]
        torch.manual_seed(epoch)
        assert torch.equal(cached[0], expected)
    assert cached.remember.made == 2


def test_the_key_changes_with_everything_that_changes_the_pixels(tmp_path: Path) -> None:
    files = save(tmp_path)
    readers = [Reader(), Reader(1), Reader(alpha="black"), Reader(value_range=[0, 300]), Reader(clip=True)]
    keys = [DomainImages(files, reader).key() for reader in readers]
    keys += [DomainImages(files, Reader(), ResizeCropFlip(size, 16)).key() for size in (20, 24)]
    keys += [DomainImages(files, Reader(), draft=True).key()]
    assert len(set(keys)) == len(keys)


def test_a_transform_in_one_piece_is_applied_to_what_is_remembered(tmp_path: Path) -> None:
    def transform(image: Pixels) -> Tensor:
        return image_to_tensor(image) * 2

    images = DomainImages(save(tmp_path), Reader(), transform)
    images.remember = Memory()
    assert torch.equal(images[0], images[0])
    assert images.remember.made == 1


def test_a_draft_is_decoded_smaller_but_not_below_what_is_needed(tmp_path: Path) -> None:
    files = save(tmp_path, "0.jpg", size=256)
    images = DomainImages(files, Reader(), ResizeCropFlip(40, 40, flip=0), draft=True)
    image = images.read(files[0])
    assert isinstance(image, Image.Image)
    assert image.size == (64, 64)
    assert images[0].shape == (3, 40, 40)
    exact = DomainImages(files, Reader(), ResizeCropFlip(40, 40, flip=0)).read(files[0])
    assert isinstance(exact, Image.Image)
    assert exact.size == (256, 256)


def test_what_a_transform_refuses_is_named_by_its_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0\.png: an image of 64 x 64 pixels has no window of crop_size=65"):
        DomainImages(save(tmp_path), Reader(), RandomCrop(65))[0]
