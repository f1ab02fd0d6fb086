from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2ikit.dataset_tools.check import check_folder
from i2ikit.datasets.stripes.stripes import write_stripes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_stripes(tmp_path / "x", size=16, train_count=3, test_count=1, masks=True)


def issues(root: Path) -> list[tuple[str, str]]:
    found = check_folder(root, load_size=16).issues
    return [(issue.level, issue.message) for issue in found if issue.kind in ("masks", "labels")]


def test_masks_of_black_and_white_that_fit_are_no_issue(root):
    assert issues(root) == []


def test_missing_masks_sizes_and_unreadable_files_are_problems(root):
    (root / "trainA_mask" / "0001.png").unlink()
    Image.new("L", (8, 16)).save(root / "trainB_mask" / "0000.png")
    (root / "trainB_mask" / "0002.png").write_bytes(b"x")
    missing, wrong = issues(root)
    assert missing == ("problem", "1 of 3 images of trainA without a mask in trainA_mask")
    assert wrong[0] == "problem"
    assert "2 masks of trainB_mask wrong:" in wrong[1]
    assert "0000.png has 8 x 16 pixels, its image 16 x 16" in wrong[1]
    assert "0002.png" in wrong[1]


def test_soft_masks_and_the_codes_of_labels_are_noted_and_colored_labels_refused(root):
    Image.fromarray(np.full((16, 16), 100, np.uint8)).save(root / "trainA_mask" / "0000.png")
    (root / "testA_label").mkdir()
    Image.fromarray(np.tile(np.uint8([3, 7]), (16, 8))).save(root / "testA_label" / "0000.png")
    (root / "testB_label").mkdir()
    Image.new("RGB", (16, 16)).save(root / "testB_label" / "0000.png")
    found = issues(root)
    assert ("note", "the labels of testA_label have the codes 3, 7") in found
    assert any("values between black and white (1 of them)" in text for _, text in found)
    assert any(level == "problem" and "has 3 channels: a label is one channel" in text for level, text in found)


def test_masks_of_images_side_by_side_are_checked_and_are_no_images_themselves(tmp_path):
    for name in ("train", "train_mask", "val"):
        (tmp_path / name).mkdir()
        Image.new("L", (32, 16)).save(tmp_path / name / "0.png")
    Image.new("L", (32, 16)).save(tmp_path / "train" / "1.png")
    assert issues(tmp_path) == [("problem", "1 of 2 images of train without a mask in train_mask")]
    (summary,) = check_folder(tmp_path).folders
    assert summary.count == 3
