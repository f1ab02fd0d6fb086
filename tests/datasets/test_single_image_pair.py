from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.datasets.single_image_pair import SingleImagePair
from i2ikit.errors import DataError


def make_images(root: Path, width: int = 90, height: int = 70) -> Path:
    """Write one image per domain: red grows to the right, green downwards; blue tells the domains apart."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    for folder, blue in (("trainA", 0), ("trainB", 200)):
        (root / folder).mkdir(parents=True)
        pixels = np.stack([x, y, np.full_like(x, blue)], axis=-1).round().astype(np.uint8)
        Image.fromarray(pixels).save(root / folder / "only.png")
    return root


def levels(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor + 1) * 127.5


def test_items_are_crops_of_both_images(tmp_path: Path) -> None:
    item = SingleImagePair(make_images(tmp_path), crop_size=16)[0]
    assert item["a"].shape == item["b"].shape == (3, 16, 16)
    assert item["a"].dtype == torch.float32
    assert levels(item["a"][2]).max() < 1
    assert levels(item["b"][2]).min() > 199
    assert item["a_path"] == str(tmp_path / "trainA" / "only.png")


def test_an_epoch_counts_as_many_items_as_published(tmp_path: Path) -> None:
    dataset = SingleImagePair(make_images(tmp_path), crop_size=16)
    assert len(dataset) == 100_000
    with pytest.raises(IndexError, match="item 100000 of 100000"):
        dataset[100_000]


def test_a_crop_is_that_of_the_zoomed_image(tmp_path: Path) -> None:
    dataset = SingleImagePair(make_images(tmp_path), crop_size=16, flip=0.0)
    image = dataset.images["a"]
    for seed in range(30):
        torch.manual_seed(seed)
        crop = levels(dataset._crop(image))
        torch.manual_seed(seed)
        zoom = (1 / 3 + 2 / 3 * torch.rand(2, dtype=torch.float64)).tolist()
        size, starts = [], []
        for side, factor in zip(image.size, zoom, strict=True):
            size.append(max(16, round(side * factor)))
            cells = size[-1] // 16
            offset = int(torch.randint(size[-1] % 16 + 1, ()))
            starts.append(offset + 16 * int(torch.randint(cells, ())))
        whole = image.resize((size[0], size[1]), Image.Resampling.BILINEAR)
        expected = np.asarray(whole)[starts[1] : starts[1] + 16, starts[0] : starts[0] + 16].transpose(2, 0, 1)
        assert (crop - torch.from_numpy(expected.astype(np.float32))).abs().max() <= 1.001  # roundings of two passes


def test_zooms_are_uniform_from_the_smallest_to_one_and_separate_for_width_and_height(tmp_path: Path) -> None:
    torch.manual_seed(0)
    dataset = SingleImagePair(make_images(tmp_path, 300, 300), crop_size=20, flip=0.0)
    crops = [levels(dataset[0]["a"]) for _ in range(400)]
    wide = torch.stack([crop[0, 0, -1] - crop[0, 0, 0] for crop in crops])  # red levels spanned: 19 * 255 / 299 / zoom
    high = torch.stack([crop[1, -1, 0] - crop[1, 0, 0] for crop in crops])
    zoom = 19 * 255 / 299 / torch.stack([wide, high])
    assert zoom.min() > 0.32
    assert zoom.max() < 1.07  # levels are integers
    torch.testing.assert_close(zoom.mean(1), torch.full((2,), 2 / 3), atol=0.04, rtol=0)
    assert torch.corrcoef(zoom)[0, 1].abs() < 0.2


def test_crops_reach_every_part_of_the_image(tmp_path: Path) -> None:
    torch.manual_seed(0)
    dataset = SingleImagePair(make_images(tmp_path), crop_size=16)
    crops = torch.stack([levels(dataset[0]["a"]) for _ in range(200)])
    assert crops[:, 0].min() < 4
    assert crops[:, 0].max() > 251
    assert crops[:, 1].max() > 251


def test_half_of_the_crops_are_mirrored(tmp_path: Path) -> None:
    torch.manual_seed(0)
    dataset = SingleImagePair(make_images(tmp_path), crop_size=16)
    mirrored = [bool(item[0, 0, 0] > item[0, 0, -1]) for item in (dataset[0]["a"] for _ in range(200))]
    assert 0.4 < sum(mirrored) / 200 < 0.6


def test_an_image_smaller_than_a_crop_is_enlarged(tmp_path: Path) -> None:
    assert SingleImagePair(make_images(tmp_path, 10, 8), crop_size=16)[0]["a"].shape == (3, 16, 16)


def test_draws_come_from_torch_alone(tmp_path: Path) -> None:
    dataset = SingleImagePair(make_images(tmp_path), crop_size=16)
    crops = []
    for _ in range(2):
        torch.manual_seed(3)
        crops.append(dataset[7]["b"])
    assert torch.equal(*crops)


def test_two_images_in_a_folder_are_refused_with_the_data_set_for_them(tmp_path: Path) -> None:
    make_images(tmp_path)
    Image.new("RGB", (20, 20)).save(tmp_path / "trainB" / "other.png")
    with pytest.raises(DataError, match="trainB contains 2 images, but training on a single image takes one"):
        SingleImagePair(tmp_path, crop_size=16)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected .*trainA"):
        SingleImagePair(tmp_path / "nowhere", crop_size=16)


@pytest.mark.parametrize("zoom", [0.0, -1.0, 1.5])
def test_a_zoom_outside_its_range_is_refused(tmp_path: Path, zoom: float) -> None:
    with pytest.raises(ValueError, match="smallest_zoom must be above 0 and at most 1"):
        SingleImagePair(tmp_path, crop_size=16, smallest_zoom=zoom)


def test_masks_are_cropped_with_their_image_and_a_second_crop_is_another_one(tmp_path: Path) -> None:
    make_images(tmp_path)
    pixels = np.zeros((70, 90), np.uint8)
    pixels[:, :45] = 255
    for kind in ("mask", "label"):
        (tmp_path / f"trainA_{kind}").mkdir()
        Image.fromarray(pixels).save(tmp_path / f"trainA_{kind}" / "only.png")
    extra = ["a_mask", "a2", "a2_label"]
    dataset = SingleImagePair(tmp_path, crop_size=16, extra=extra)
    assert dataset.image_names({"extra": extra}) == ("a", "a_mask", "b", "a2", "a2_label")
    assert dataset.paths.keys() == {"a", "b", "a_mask", "a_label"}
    for seed in range(8):
        torch.manual_seed(seed)
        item = dataset[0]
        torch.manual_seed(seed)
        assert torch.equal(item["a"], SingleImagePair(tmp_path, crop_size=16)[0]["a"])
        assert not torch.equal(item["a"], item["a2"])
        for image, codes in (("a", item["a_mask"]), ("a2", item["a2_label"] / 255)):
            red = levels(item[image][0])  # 0 to 255 over 90 columns
            assert (codes[0][red < 120] == 1).all()
            assert (codes[0][red > 135] == 0).all()
    Image.fromarray(pixels[:, :60]).save(tmp_path / "trainA_mask" / "only.png")
    with pytest.raises(DataError, match=r"the mask \S+ has 60 x 70 pixels, its image \S+ 90 x 70"):
        SingleImagePair(tmp_path, crop_size=16, extra=extra)
