"""What a check finds in folders of images, and what it finds nothing wrong with."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from i2ikit.dataset_tools.check import Inspection, check_folder
from i2ikit.dataset_tools.published import published_hashes, recognize
from i2ikit.errors import DataError


def kinds(found: Inspection, level: str) -> list[str]:
    return [finding.kind for finding in found.findings if finding.level == level]


def finding(found: Inspection, kind: str) -> Any:
    (one,) = [finding for finding in found.findings if finding.kind == kind]
    return one


def checked(root: Path, **more: Any) -> Inspection:
    return check_folder(root, **{"load_size": 40, **more})


def test_a_sound_data_set_gives_nothing_but_its_facts(root: Path) -> None:
    found = checked(root)
    assert found.findings == ()
    assert [(folder.name, folder.count) for folder in found.folders] == [
        ("testA", 8),
        ("testB", 8),
        ("trainA", 10),
        ("trainB", 10),
    ]
    assert found.folders[0].kinds == {"PNG RGB 8 bit": 8}
    assert found.folders[0].sizes == ((48, 40),) * 3


def test_files_that_cannot_be_read_are_a_problem_and_named(root: Path) -> None:
    """Pain 21: a data set of one's own, and nobody says what is wrong with it."""
    whole = (root / "trainA/1.png").read_bytes()
    (root / "trainA/1.png").write_bytes(whole[:-40])
    (root / "testB/2.png").write_text("no image")
    (root / "testB/3.png").write_bytes(b"")
    (root / "trainB/link.png").symlink_to("nowhere.png")
    found = checked(root)
    corrupt = finding(found, "corrupt")
    assert corrupt.level == "problem"
    assert [name for (name,) in corrupt.groups] == ["testB/2.png", "testB/3.png", "trainA/1.png", "trainB/link.png"]
    for words in ("4 files cannot be read", "is empty, 0 bytes", "is not an image", "a link to nowhere.png"):
        assert words in corrupt.message
    assert found.as_json()["ok"] is False


def test_numbers_that_are_not_finite_are_a_problem(root: Path) -> None:
    values = np.full((40, 40), 0.5, np.float32)
    values[3, 3] = np.nan
    Image.fromarray(values).save(root / "trainA/nan.tif")
    corrupt = finding(checked(root), "corrupt")
    assert corrupt.groups == (("trainA/nan.tif",),)
    assert "nan.tif holds numbers that are not finite" in corrupt.message


def test_the_same_file_twice_is_told_by_where_it_is(root: Path) -> None:
    shutil.copy(root / "trainA/0.png", root / "trainA/copy.png")
    shutil.copy(root / "trainB/0.png", root / "trainB/copy.png")
    shutil.copy(root / "trainB/1.png", root / "testB/copy.png")
    shutil.copy(root / "trainB/2.png", root / "trainA/of_b.png")
    found = checked(root)
    assert finding(found, "duplicates").groups == (
        ("trainA/0.png", "trainA/copy.png"),
        ("trainB/0.png", "trainB/copy.png"),
    )
    assert finding(found, "duplicates-train-and-test").groups == (("testB/copy.png", "trainB/1.png"),)
    assert finding(found, "duplicates-both-domains").groups == (("trainA/of_b.png", "trainB/2.png"),)
    assert not [kind for kind in kinds(found, "warning") if kind.startswith("near")]


def test_an_image_that_was_saved_again_smaller_is_nearly_the_same(root: Path, paint: Any) -> None:
    with Image.open(paint("trainA/large.png", 50, size=(200, 160))) as image:
        image.resize((150, 120), Image.Resampling.BICUBIC).save(root / "testA/again.jpg", quality=90)
    found = finding(checked(root), "near-duplicates-train-and-test")
    assert found.groups == (("testA/again.jpg", "trainA/large.png"),)


def test_domains_that_are_the_same_are_a_problem(root: Path) -> None:
    shutil.rmtree(root / "trainB")
    shutil.copytree(root / "trainA", root / "trainB")
    assert "identical-domains" in kinds(checked(root), "problem")


def test_test_folders_that_were_swapped_are_a_problem(root: Path) -> None:
    (root / "testA").rename(root / "x")
    (root / "testB").rename(root / "testA")
    (root / "x").rename(root / "testB")
    swapped = finding(checked(root), "swapped")
    assert swapped.level == "problem"
    assert "testA has the colors of trainB" in swapped.message


def test_unequal_domains_say_what_an_epoch_takes(root: Path) -> None:
    """Pain 16: how domains of unequal size are dealt with."""
    (root / "trainB/9.png").unlink()
    unequal = finding(checked(root), "unequal")
    assert "10 images of A and 9 of B; an epoch takes 10 items" in unequal.message


def test_a_missing_domain_is_a_problem_for_training_and_none_for_a_test(root: Path) -> None:
    shutil.rmtree(root / "testB")
    assert kinds(checked(root), "problem") == []
    shutil.rmtree(root / "trainB")
    assert kinds(checked(root), "problem") == ["missing-domain"]


def test_images_that_a_square_squeezes_or_blows_up_are_told(root: Path, paint: Any) -> None:
    paint("trainA/long.png", 7, size=(90, 30))
    found = checked(root, load_size=100)
    assert finding(found, "aspect").groups == (("trainA/long.png",),)
    assert (
        "1 of 11 images of trainA are at least 1.5 times as long as wide, up to 3" in finding(found, "aspect").message
    )
    assert "37 of 37 images are less than half as large as 100 pixels" in finding(found, "small").message


def test_gray_images_and_depths_among_others_are_told(root: Path) -> None:
    Image.new("L", (40, 40), 90).save(root / "trainA/gray.png")
    Image.fromarray(np.full((40, 40), 4000, np.uint16)).save(root / "trainA/deep.png")
    found = checked(root)
    assert finding(found, "mixed-gray").groups == (("trainA/deep.png",), ("trainA/gray.png",))
    assert "11 with 8, 1 with 16" in finding(found, "mixed-depth").message


def test_channels_that_do_not_go_together_are_a_problem(root: Path) -> None:
    np.save(root / "trainA/five.npy", np.zeros((40, 40, 5), np.float32))
    channels = finding(checked(root), "channels")
    assert channels.level == "problem"
    assert "36 with 3, 1 with 5" in channels.message


def test_other_files_names_with_two_extensions_and_animations_are_noted(root: Path, paint: Any) -> None:
    (root / "trainA/readme.txt").touch()
    paint("trainA/0.jpg", 900)
    frames = [Image.new("RGB", (40, 40), (90 * k, 0, 0)) for k in range(3)]
    frames[0].save(root / "trainB/moving.gif", save_all=True, append_images=frames[1:])
    found = checked(root)
    assert kinds(found, "note") == ["strays", "same-names", "frames"]
    assert finding(found, "same-names").groups == (("trainA/0.jpg", "trainA/0.png"),)


def test_any_folder_of_images_can_be_looked_at(root: Path) -> None:
    found = checked(root / "trainA")
    assert [(folder.name, folder.count) for folder in found.folders] == [(".", 10)]
    assert kinds(found, "problem") == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trainC", r"trainC does not exist\. Nearest: 'train[AB]'"),
        ("trainA/0.png", r"0\.png is a file\. Give a folder"),
        ("empty", r"no images in .*empty or the folders in it\. Extensions that count: \.png"),
    ],
)
def test_a_place_without_images_is_refused_with_a_way_out(root: Path, name: str, words: str) -> None:
    (root / "empty").mkdir()
    with pytest.raises(DataError, match=words):
        checked(root / name)


def test_the_result_is_plain_data(root: Path) -> None:
    shutil.copy(root / "trainA/0.png", root / "trainA/copy.png")
    plain = json.loads(json.dumps(checked(root).as_json()))
    assert plain["folders"][2] == {
        "name": "trainA",
        "count": 11,
        "bytes": sum(path.stat().st_size for path in (root / "trainA").iterdir()),
        "kinds": {"PNG RGB 8 bit": 11},
        "sizes": [[48, 40]] * 3,
    }
    assert [found["kind"] for found in plain["findings"]] == ["duplicates", "unequal"]


def test_the_published_sets_have_the_published_counts() -> None:
    counts = {"horse2zebra": (1067, 1334, 120, 140), "apple2orange": (995, 1019, 266, 248)}
    for name, wanted in counts.items():
        folders = [folder for folder, _ in published_hashes(name)]
        assert tuple(folders.count(folder) for folder in ("trainA", "trainB", "testA", "testB")) == wanted


def test_a_published_set_is_known_by_half_of_its_names() -> None:
    names = [name for folder, name in published_hashes("horse2zebra") if folder == "trainB"]
    assert recognize({"trainB": set(names)}) == "horse2zebra"
    assert recognize({"trainA": set(names)}) is None


def test_every_file_is_compared_with_the_published_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def inspect(asked: str | None) -> Inspection:
        return checked(root, published=asked)

    hashes = {(seen.split("/")[0], seen.split("/")[1]): digits for seen, digits in digests(root).items()}
    for module in ("check", "published"):
        monkeypatch.setattr(f"i2ikit.dataset_tools.{module}.published_hashes", lambda name: hashes)
    assert [(f.level, f.kind) for f in inspect("horse2zebra").findings] == [("note", "published")]
    (root / "trainA/0.png").write_bytes((root / "trainA/1.png").read_bytes())
    (root / "trainB/3.png").rename(root / "trainB/new.png")
    asked, unasked = inspect("horse2zebra"), inspect(None)
    assert unasked.published == "apple2orange"  # the first by name, as both have these hashes here
    for found, level in ((asked, "problem"), (unasked, "warning")):
        assert finding(found, "published-changed").groups == (("trainA/0.png",),)
        assert finding(found, "published-missing").groups == (("trainB/3.png",),)
        assert finding(found, "published-extra").groups == (("trainB/new.png",),)
        assert {f.level for f in found.findings if f.kind.startswith("published")} == {level}


def test_an_unknown_published_set_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="published must be one of apple2orange, horse2zebra, not 'zebra'"):
        checked(root, published="zebra")


def digests(root: Path) -> dict[str, str]:
    from i2ikit.dataset_tools.survey import survey

    return {seen.place: seen.digits for seen in survey(root).files}
