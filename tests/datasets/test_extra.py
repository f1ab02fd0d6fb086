"""Masks, labels and second draws: moved with their images, and errors that name the file."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.data.cache import ImageCache
from i2ikit.data.loading import TrainLoader
from i2ikit.datasets import UnpairedFolders
from i2ikit.datasets.extra import POSSIBLE, draws, names_of
from i2ikit.engine.data import keep_in
from i2ikit.errors import DataError
from i2ikit.transforms import Compose, RandomCrop, RandomMirror, Resize, ResizeCropFlip, Sometimes, TorchvisionTransform

SIZE = 24
EXTRA = ["a_mask", "b_mask", "b_label", "a2", "a2_mask"]


def half(seed: int) -> np.ndarray:
    """A mask of black and white stripes and blocks, of which no two windows look the same."""
    return np.kron(np.random.RandomState(seed).randint(0, 2, (SIZE // 4, SIZE // 4)), np.ones((4, 4))).astype(np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Images whose first channel is their mask, the second their label times 40, the third their number."""
    for split in ("trainA", "trainB"):
        for folder in (split, f"{split}_mask", f"{split}_label"):
            (tmp_path / folder).mkdir()
        for index in range(4):
            mask, label = half(index), half(index + 9) + 2 * half(index + 50)
            image = np.stack([mask * 255, label * 40, np.full_like(mask, index * 10)], axis=2)
            Image.fromarray(image).save(tmp_path / split / f"{index}.png")
            Image.fromarray(mask * 255).save(tmp_path / f"{split}_mask" / f"{index}.tif")
            paletted = Image.fromarray(label)
            paletted.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200, 7, 7, 7])
            paletted.save(tmp_path / f"{split}_label" / f"{index}.png")
    return tmp_path


def moved_together(item: dict, draw: str, kind: str) -> bool:
    """Whether a mask or a label is where its image has it; every value of an unmixed image is exact."""
    image, codes = item[draw], item[f"{draw}_{kind}"]
    assert codes.shape == (1, *image.shape[1:])
    shown = (image[0] + 1) / 2 if kind == "mask" else (image[1] + 1) * 127.5 / 40
    return torch.allclose(shown, codes[0].float(), atol=1e-4)


@pytest.mark.parametrize(
    "transform",
    [
        None,
        RandomCrop(16),
        Compose([RandomCrop(16), RandomMirror()]),
        Compose([TorchvisionTransform("RandomErasing", p=0.0), Sometimes(RandomCrop(12)), RandomCrop(8)]),
        Compose([TorchvisionTransform("RandomVerticalFlip"), RandomCrop(16)]),
    ],
    ids=["none", "crop", "crop and mirror", "sometimes", "torchvision"],
)
def test_masks_and_labels_are_moved_with_their_images(root, transform):
    dataset = UnpairedFolders(root, transform=transform, extra=EXTRA)
    torch.manual_seed(0)
    for index in range(4):
        item = dataset[index]
        assert all(moved_together(item, *name.split("_")) for name in EXTRA if "_" in name)


def test_a_resize_mixes_no_codes(root):
    item = UnpairedFolders(root, transform=ResizeCropFlip(31, 19), extra=EXTRA)[1]
    assert set(item["a_mask"].unique().tolist()) == {0.0, 1.0}
    assert set(item["b_label"].unique().tolist()) <= {0, 1, 2, 3}
    assert (item["a_mask"].dtype, item["b_label"].dtype) == (torch.float32, torch.int64)
    assert item["a_mask"].shape == item["a"][:1].shape


def test_the_images_are_those_of_a_data_set_without_extra(root):
    torch.manual_seed(0)
    plain = UnpairedFolders(root, transform=ResizeCropFlip(20, 16))[2]
    torch.manual_seed(0)
    item = UnpairedFolders(root, transform=ResizeCropFlip(20, 16), extra=EXTRA)[2]
    assert all(torch.equal(item[name], plain[name]) for name in "ab")
    assert all(item[f"{name}_path"] == plain[f"{name}_path"] for name in "ab")


def test_a_second_image_has_an_order_of_its_own(root):
    dataset = UnpairedFolders(root, pairing="shuffled", extra=["a2"])
    torch.manual_seed(0)
    dataset.set_epoch(1)
    found = {name: [dataset[index][f"{name}_path"][-5] for index in range(4)] for name in ("a", "b", "a2")}
    assert sorted(found["a2"]) == found["a"] == ["0", "1", "2", "3"]
    assert found["a2"] not in (found["a"], found["b"])
    serial = UnpairedFolders(root, pairing="serial", extra=["a2"])
    assert [serial[index]["a2_path"][-5] for index in range(4)] == ["1", "2", "3", "0"]


def test_batches_are_the_same_with_workers_and_from_a_cache(root, tmp_path):
    def batches(workers: int, cached: bool) -> list[dict]:
        dataset = UnpairedFolders(root, transform=ResizeCropFlip(20, 16), pairing="serial", extra=EXTRA)
        if cached:
            keep_in(ImageCache(tmp_path / "cache"), dataset)
        loader = TrainLoader(dataset, batch_size=2, workers=workers, seed=3)
        loader.start(2)
        return list(loader)

    expected = batches(0, cached=False)
    for workers, cached in ((1, False), (0, True), (0, True)):
        for found, batch in zip(batches(workers, cached), expected, strict=True):
            assert all(torch.equal(found[name], batch[name]) for name in ("a", "b", *EXTRA))
    assert len(list((tmp_path / "cache").glob("*/*"))) == 20  # of each image, mask and label of b


def test_masks_of_zero_and_one_and_of_sixteen_bits_are_read(root):
    Image.fromarray(half(0)).save(root / "trainA_mask" / "0.tif")
    (root / "trainA_mask" / "1.tif").unlink()
    Image.fromarray(half(1).astype(np.uint16) * 65535).save(root / "trainA_mask" / "1.png")
    dataset = UnpairedFolders(root, extra=["a_mask"])
    assert all(moved_together(dataset[index], "a", "mask") for index in (0, 1))


def test_a_list_names_its_masks_in_a_column(root):
    lines = ["path,mask", *(f"trainA/{index}.png,trainA_mask/{index}.tif" for index in (2, 0))]
    (root / "a.csv").write_text("\n".join(lines))
    item = UnpairedFolders(root, a="a.csv", extra=["a_mask"])[0]
    assert item["a_path"].endswith("2.png")
    assert moved_together(item, "a", "mask")


def test_a_test_split_without_b_has_no_mask_of_b(root):
    for folder in ("trainA", "trainA_mask"):
        (root / folder).rename(root / folder.replace("train", "test"))
    assert {"a", "a_mask"} == set(UnpairedFolders(root, "test", extra=["a_mask", "b_mask", "b2"])[0]) - {"a_path"}


def test_files_that_cannot_be_read_are_left_out_with_their_images(root):
    (root / "trainA_mask" / "1.tif").write_bytes(b"no image")
    dataset = UnpairedFolders(root, extra=["a_mask"], pairing="serial")
    (message,) = dataset.leave_out_unreadable()
    assert "1.tif" in message
    assert [Path(path).stem for path in dataset.paths["a_mask"]] == ["0", "2", "3"]
    assert moved_together(dataset[1], "a", "mask")


def message_of(root: Path, **arguments) -> str:
    with pytest.raises((DataError, ValueError)) as error:
        UnpairedFolders(root, **{"extra": EXTRA, **arguments})[3]
    return str(error.value)


def test_a_missing_mask_or_folder_is_an_error_that_names_it(root):
    (root / "trainA_mask" / "3.tif").unlink()
    assert re.search(r"the image .*trainA.3\.png has no mask: there is no 3\.\* in .*trainA_mask$", message_of(root))
    (root / "trainB_label").rename(root / "trainB_labels")
    message = message_of(root, extra=["b_label"])
    assert re.search(r"no labels for .*trainB: expected the folder .*trainB_label\. Nearest: 'trainB_labels'", message)


def test_a_mask_of_another_size_is_an_error_that_names_both_files(root):
    Image.fromarray(half(3)[:20]).save(root / "trainA_mask" / "3.tif")
    assert re.search(r"mask .*3\.tif has 24 x 20 pixels, its image .*3\.png 24 x 24", message_of(root))


def test_a_colored_label_is_an_error(root):
    Image.new("RGB", (SIZE, SIZE)).save(root / "trainA_label" / "3.png")
    message = message_of(root, extra=["a_label"])
    assert re.search(r"the label .*3\.png has 3 channels: a label is one channel, or a palette, of integer", message)


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (TorchvisionTransform("GaussianNoise"), "torchvision's GaussianNoise does not move masks and labels along"),
        (TorchvisionTransform("RandAugment"), "torchvision's RandAugment does not move masks and labels along"),
        (
            lambda image: torch.zeros(3, 4, 4),
            "the transform function does not move a mask along with its image; derive",
        ),
    ],
)
def test_a_transform_that_cannot_move_masks_is_an_error(root, transform, message):
    assert message in message_of(root, transform=transform)


def test_names_are_announced_from_the_config_and_wrong_ones_refused(root):
    assert UnpairedFolders.image_names({"root": "x"}) == ("a", "b")
    names = UnpairedFolders.image_names({"extra": EXTRA})
    assert names == ("a", "a_mask", "b", "b_mask", "b_label", "a2", "a2_mask")
    assert set(names_of(draws(POSSIBLE))) == set(POSSIBLE)
    assert "not 'a_msk'. Nearest: 'a_mask'" in message_of(root, extra=["a_msk"])


def test_colors_of_masks_stay_while_those_of_images_change(root):
    jitter = Compose([TorchvisionTransform("ColorJitter", brightness=0.5), Resize(24), RandomCrop(16), RandomMirror()])
    torch.manual_seed(0)
    item = UnpairedFolders(root, transform=jitter, extra=["a_mask"])[0]
    bright = item["a"][0] > item["a"][0].mean()
    assert torch.equal(bright, item["a_mask"][0] > 0.5)


def test_the_description_names_extra_images_and_those_that_are_there_but_not_read(root):
    assert UnpairedFolders(root, extra=["a_mask", "a2"]).describe().endswith("; with a_mask, a2")
    there = ["a_mask", "a_label", "b_mask", "b_label"]
    advice = f"; not read: {', '.join(there)} (data.train.extra={there!r})"
    assert UnpairedFolders(root).describe().endswith(advice)


def test_a_copy_in_a_spawned_worker_moves_masks_by_the_transform_of_its_epoch(root):
    dataset = UnpairedFolders(root, transform=ResizeCropFlip(31, 24, finetune_after=1), extra=["a_mask"])
    copy = pickle.loads(pickle.dumps(dataset))
    for each in (dataset, copy):
        each.set_epoch(2)  # no resize any more, so nothing is mixed
    torch.manual_seed(0)
    item = copy[1]
    assert moved_together(item, "a", "mask")
    torch.manual_seed(0)
    assert torch.equal(dataset[1]["a_mask"], item["a_mask"])
