"""Pairs stay pairs: by name, by line, side by side, and under random transforms."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from i2ikit.datasets.pairs import AlignedPairs, PairedFolders
from i2ikit.errors import DataError
from i2ikit.ops.pixels import Pixels, image_to_tensor
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip


def save(path: Path, seed: int = 0, size: tuple[int, int] = (12, 10)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_images_of_one_name_are_pairs_whatever_their_extensions_and_order(tmp_path: Path) -> None:
    for name in ("testA/10.png", "testA/9.png", "testA/deep/x.png", "testB/9.bmp", "testB/10.tif", "testB/deep/x.webp"):
        save(tmp_path / name)
    dataset = PairedFolders(tmp_path)
    names = [tuple(Path(dataset[i][f"{d}_path"]).stem for d in "ab") for i in range(len(dataset))]
    assert names == [("9", "9"), ("10", "10"), ("x", "x")]
    assert dataset.describe() == "3 pairs"


def test_both_images_of_a_pair_are_cut_and_mirrored_alike(tmp_path: Path) -> None:
    save(tmp_path / "testA/1.png", seed=7)
    save(tmp_path / "testB/1.png", seed=7)
    dataset = PairedFolders(tmp_path, transform=ResizeCropFlip(12, 5))
    windows = []
    for seed in range(6):
        torch.manual_seed(seed)
        item = dataset[0]
        assert torch.equal(item["a"], item["b"])
        windows.append(item["a"])
    assert len({window.sum().item() for window in windows}) > 3


def test_both_images_see_the_same_random_numbers_of_every_stream(tmp_path: Path) -> None:
    save(tmp_path / "testA/1.png")
    save(tmp_path / "testB/1.png")

    def transform(image: Pixels) -> Tensor:
        return image_to_tensor(image) * 0 + random.random() + np.random.rand()  # noqa: NPY002

    item = PairedFolders(tmp_path, transform=transform)[0]
    assert torch.equal(item["a"], item["b"])


def test_a_random_transform_of_images_that_differ_in_size_is_refused(tmp_path: Path) -> None:
    class RandomStreams:
        is_random = True

        def fixed(self, image: Pixels) -> Pixels:
            return image

        def __call__(self, image: Pixels) -> Tensor:
            return image_to_tensor(image)

    save(tmp_path / "testA/1.png", size=(12, 10))
    save(tmp_path / "testB/1.png", size=(12, 11))
    assert PairedFolders(tmp_path)[0]["b"].shape == (3, 11, 12)  # nothing is random
    with pytest.raises(DataError, match=r"differ in size.*testA.1\.png \(12, 10\) and \S+testB.1\.png \(12, 11\)"):
        PairedFolders(tmp_path, transform=RandomStreams())[0]


def test_lists_are_paired_line_by_line(tmp_path: Path) -> None:
    for name in ("x.png", "y.png", "1.png", "2.png"):
        save(tmp_path / name)
    (tmp_path / "a.txt").write_text("x.png\ny.png\n")
    (tmp_path / "b.txt").write_text("2.png\n1.png\n")
    item = PairedFolders(tmp_path, a="a.txt", b="b.txt")[0]
    assert (Path(item["a_path"]).name, Path(item["b_path"]).name) == ("x.png", "2.png")
    (tmp_path / "b.txt").write_text("2.png\n")
    with pytest.raises(DataError, match="paired line by line, but a has 2 images and b has 1"):
        PairedFolders(tmp_path, a="a.txt", b="b.txt")


def test_an_image_without_a_partner_is_named(tmp_path: Path) -> None:
    for k in range(8):
        save(tmp_path / f"testA/{k}.png")
    save(tmp_path / "testB/0.png")
    with pytest.raises(DataError, match=r"7 of 8 images in \S+testA without a partner .*: 1, 2, 3, 4, 5 and 2 more"):
        PairedFolders(tmp_path)
    save(tmp_path / "more/testA/0.png")
    save(tmp_path / "more/testB/0.png")
    save(tmp_path / "more/testB/1.png")
    with pytest.raises(DataError, match=r"1 of 2 images in \S+testB without a partner of the same name in \S+testA: 1"):
        PairedFolders(tmp_path / "more")


def test_two_images_of_one_name_make_the_partner_unknown(tmp_path: Path) -> None:
    for name in ("testA/1.png", "testB/1.png", "testB/1.bmp"):
        save(tmp_path / name)
    with pytest.raises(DataError, match=r"testB.1\.bmp and \S+testB.1\.png have the same name"):
        PairedFolders(tmp_path)


def test_both_folders_are_needed(tmp_path: Path) -> None:
    save(tmp_path / "testA/1.png")
    with pytest.raises(DataError, match=r"expected \S+testB"):
        PairedFolders(tmp_path)


def test_pairs_side_by_side_are_halved(tmp_path: Path) -> None:
    path = save(tmp_path / "val/1.png", size=(24, 10))
    whole = image_to_tensor(Image.open(path))
    item = AlignedPairs(tmp_path, "val")[0]
    assert torch.equal(item["a"], whole[:, :, :12])
    assert torch.equal(item["b"], whole[:, :, 12:])
    turned = AlignedPairs(tmp_path, "val", direction="BtoA")[0]
    assert torch.equal(turned["a"], item["b"])
    assert AlignedPairs(tmp_path, "val").describe() == "1 pair"


def test_halves_have_keys_of_their_own(tmp_path: Path) -> None:
    save(tmp_path / "val/1.png", size=(24, 10))
    domains = AlignedPairs(tmp_path, "val").domains
    assert domains["a"].key() != domains["b"].key()


def test_a_width_that_cannot_be_halved_is_named(tmp_path: Path) -> None:
    save(tmp_path / "val/1.png", size=(25, 10))
    with pytest.raises(DataError, match=r"1\.png is 25 pixels wide, an odd width, so it cannot be halved"):
        AlignedPairs(tmp_path, "val")[0]


def test_an_index_past_the_end_ends_a_loop(tmp_path: Path) -> None:
    for name in ("testA/1.png", "testB/1.png", "val/1.png"):
        save(tmp_path / name)
    for dataset in (PairedFolders(tmp_path), AlignedPairs(tmp_path, "val")):
        with pytest.raises(IndexError, match="pair 1 of 1"):
            dataset[1]


def test_masks_of_pairs_are_moved_with_their_images(tmp_path):
    for name, value in (("trainA", 200), ("trainB", 200), ("trainA_mask", 255), ("trainB_mask", 255)):
        (tmp_path / name).mkdir()
        pixels = np.zeros((16, 16, 3) if name[-1] in "AB" else (16, 16), np.uint8)
        pixels[:, :5] = value
        Image.fromarray(pixels).save(tmp_path / name / "0.png")
    transform = ResizeCropFlip(16, 8)
    pairs = PairedFolders(tmp_path, "train", transform=transform, extra=["a_mask", "b_mask"])
    assert pairs.paths.keys() == {"a", "a_mask", "b", "b_mask"}
    for seed in range(8):
        torch.manual_seed(seed)
        item = pairs[0]
        assert torch.equal(item["a"], item["b"])
        assert torch.equal(item["a_mask"], item["b_mask"])
        assert torch.equal(item["a_mask"][0] == 1, item["a"][0] > 0)
    assert pairs.leave_out_unreadable() == []
    assert pairs.paths.keys() == {"a", "a_mask", "b", "b_mask"}


def test_a_pair_has_no_second_image(tmp_path):
    with pytest.raises(ValueError, match="have no second image, so extra does not take 'a2'"):
        PairedFolders(tmp_path, extra=["a2"])


def test_masks_of_pairs_side_by_side_are_halved_and_moved_with_their_images(tmp_path):
    for name, channels in (("train", (3,)), ("train_mask", ()), ("train_label", ())):
        (tmp_path / name).mkdir()
        pixels = np.zeros((16, 32, *channels), np.uint8)
        pixels[:, :5] = pixels[:, 24:] = 255
        Image.fromarray(pixels).save(tmp_path / name / "0.png")
    extra = ["a_mask", "b_mask", "b_label"]
    pairs = AlignedPairs(tmp_path, transform=ResizeCropFlip(16, 8), extra=extra)
    assert pairs.image_names({"extra": extra}) == ("a", "a_mask", "b", "b_mask", "b_label")
    images = [*pairs.domains.values()]
    assert len({each.key() for half in images for each in (half, *half.companions.values())}) == 5
    for seed in range(8):
        torch.manual_seed(seed)
        item = pairs[0]
        for domain in "ab":
            assert torch.equal(item[f"{domain}_mask"][0] == 1, item[domain][0] > 0)
        assert torch.equal(item["b_label"][0], item["b_mask"][0].long() * 255)
        assert not torch.equal(item["a"], item["b"])
    assert pairs.leave_out_unreadable() == []
    assert pairs.paths.keys() == {"a", "a_mask", "b_mask", "b_label"}
    save(tmp_path / "train_mask/0.png", size=(16, 16))
    with pytest.raises(DataError, match=r"the mask \S+0\.png has 16 x 16 pixels, its image \S+0\.png 32 x 16"):
        pairs[0]
