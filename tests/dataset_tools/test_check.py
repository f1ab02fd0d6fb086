import json
import shutil
from pathlib import Path

import pytest

from i2ikit.dataset_tools.check import check_folder
from i2ikit.errors import DataError


def test_a_good_data_set_has_no_issues(root: Path) -> None:
    found = check_folder(root, load_size=40)
    assert found.issues == ()
    assert [(folder.name, folder.count) for folder in found.folders] == [
        ("testA", 8),
        ("testB", 8),
        ("trainA", 10),
        ("trainB", 10),
    ]
    assert found.folders[0].kinds == {"PNG RGB 8 bit": 8}
    assert found.folders[0].sizes == ((48, 40),) * 3


def test_a_single_folder_of_images_can_be_checked(root: Path) -> None:
    found = check_folder(root / "trainA")
    assert [(folder.name, folder.count) for folder in found.folders] == [(".", 10)]
    assert found.count("problem") == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trainC", r"trainC does not exist\. Nearest: 'train[AB]'"),
        ("trainA/0.png", r"0\.png is a file\. Name a folder"),
        ("empty", r"no images in .*empty or the folders in it\. Image extensions: \.png"),
    ],
)
def test_a_path_without_images_is_refused(root: Path, name: str, words: str) -> None:
    (root / "empty").mkdir()
    with pytest.raises(DataError, match=words):
        check_folder(root / name)


def test_the_result_is_plain_data(root: Path) -> None:
    shutil.copy(root / "trainA/0.png", root / "trainA/copy.png")
    plain = json.loads(json.dumps(check_folder(root, load_size=40).as_json()))
    assert plain["folders"][2] == {
        "name": "trainA",
        "count": 11,
        "bytes": sum(path.stat().st_size for path in (root / "trainA").iterdir()),
        "kinds": {"PNG RGB 8 bit": 11},
        "values": ["0 to 255, 8 of 8 bits"],
        "sizes": [[48, 40]] * 3,
    }
    assert [found["kind"] for found in plain["issues"]] == ["duplicates", "unequal"]
