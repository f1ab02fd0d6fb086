import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from i2ikit.dataset_tools.check import CheckResult, check_folder

RNG = np.random.default_rng(0)


def kinds(result: CheckResult, level: str) -> list[str]:
    return [issue.kind for issue in result.issues if issue.level == level]


def issue(result: CheckResult, kind: str) -> Any:
    (found,) = [issue for issue in result.issues if issue.kind == kind]
    return found


def check(root: Path, load_size: int = 40) -> CheckResult:
    return check_folder(root, load_size=load_size)


def test_unreadable_files_are_a_problem(root: Path) -> None:
    content = (root / "trainA/1.png").read_bytes()
    (root / "trainA/1.png").write_bytes(content[:-40])
    (root / "testB/2.png").write_text("no image")
    (root / "testB/3.png").write_bytes(b"")
    (root / "trainB/link.png").symlink_to("nowhere.png")
    found = check(root)
    corrupt = issue(found, "corrupt")
    assert corrupt.level == "problem"
    assert [name for (name,) in corrupt.groups] == ["testB/2.png", "testB/3.png", "trainA/1.png", "trainB/link.png"]
    for words in ("4 files cannot be read", "is empty, 0 bytes", "is not an image", "a link to nowhere.png"):
        assert words in corrupt.message
    assert found.as_json()["ok"] is False


def test_values_that_are_not_finite_are_a_problem(root: Path) -> None:
    values = np.full((40, 40), 0.5, np.float32)
    values[3, 3] = np.nan
    Image.fromarray(values).save(root / "trainA/nan.tif")
    corrupt = issue(check(root), "corrupt")
    assert corrupt.groups == (("trainA/nan.tif",),)
    assert "nan.tif holds values that are not finite" in corrupt.message


def test_duplicates_are_grouped_by_the_folders_that_they_span(root: Path) -> None:
    shutil.copy(root / "trainA/0.png", root / "trainA/copy.png")
    shutil.copy(root / "trainB/0.png", root / "trainB/copy.png")
    shutil.copy(root / "trainB/1.png", root / "testB/copy.png")
    shutil.copy(root / "trainB/2.png", root / "trainA/of_b.png")
    found = check(root)
    assert issue(found, "duplicates").groups == (
        ("trainA/0.png", "trainA/copy.png"),
        ("trainB/0.png", "trainB/copy.png"),
    )
    assert issue(found, "duplicates-train-and-test").groups == (("testB/copy.png", "trainB/1.png"),)
    assert issue(found, "duplicates-both-domains").groups == (("trainA/of_b.png", "trainB/2.png"),)
    assert not [kind for kind in kinds(found, "warning") if kind.startswith("near")]


def test_a_resized_copy_is_a_near_duplicate(root: Path, paint: Any) -> None:
    with Image.open(paint("trainA/large.png", 50, size=(200, 160))) as image:
        image.resize((150, 120), Image.Resampling.BICUBIC).save(root / "testA/again.jpg", quality=90)
    found = issue(check(root), "near-duplicates-train-and-test")
    assert found.groups == (("testA/again.jpg", "trainA/large.png"),)


def test_identical_domains_are_a_problem(root: Path) -> None:
    shutil.rmtree(root / "trainB")
    shutil.copytree(root / "trainA", root / "trainB")
    assert "identical-domains" in kinds(check(root), "problem")


def test_swapped_test_folders_are_a_problem(root: Path) -> None:
    (root / "testA").rename(root / "x")
    (root / "testB").rename(root / "testA")
    (root / "x").rename(root / "testB")
    swapped = issue(check(root), "swapped")
    assert swapped.level == "problem"
    assert "testA has the colors of trainB" in swapped.message


def test_the_note_on_unequal_domains_has_the_length_of_an_epoch(root: Path) -> None:
    (root / "trainB/9.png").unlink()
    unequal = issue(check(root), "unequal")
    assert "10 images of A and 9 of B; an epoch has 10 items" in unequal.message


def test_a_missing_domain_is_a_problem_only_for_training(root: Path) -> None:
    shutil.rmtree(root / "testB")
    assert kinds(check(root), "problem") == []
    shutil.rmtree(root / "trainB")
    assert kinds(check(root), "problem") == ["missing-domain"]


def test_elongated_and_small_images_are_reported(root: Path, paint: Any) -> None:
    paint("trainA/long.png", 7, size=(90, 30))
    found = check(root, load_size=100)
    assert issue(found, "aspect").groups == (("trainA/long.png",),)
    assert "1 of 11 images of trainA at least 1.5 times as long as wide, up to 3" in issue(found, "aspect").message
    assert "37 of 37 images smaller than half of 100 pixels" in issue(found, "small").message


def test_mixed_colors_and_depths_are_reported(root: Path) -> None:
    Image.new("L", (40, 40), 90).save(root / "trainA/gray.png")
    Image.fromarray(np.full((40, 40), 4000, np.uint16)).save(root / "trainA/deep.png")
    found = check(root)
    assert issue(found, "mixed-gray").groups == (("trainA/deep.png",), ("trainA/gray.png",))
    assert "11 with 8, 1 with 16" in issue(found, "mixed-depth").message


def test_different_numbers_of_channels_are_a_problem(root: Path) -> None:
    np.save(root / "trainA/five.npy", np.zeros((40, 40, 5), np.float32))
    channels = issue(check(root), "channels")
    assert channels.level == "problem"
    assert "36 with 3, 1 with 5" in channels.message


def test_other_files_repeated_names_and_animations_are_noted(root: Path, paint: Any) -> None:
    (root / "trainA/readme.txt").touch()
    paint("trainA/0.jpg", 900)
    frames = [Image.new("RGB", (40, 40), (90 * k, 0, 0)) for k in range(3)]
    frames[0].save(root / "trainB/moving.gif", save_all=True, append_images=frames[1:])
    found = check(root)
    assert kinds(found, "note") == ["other-files", "same-names", "frames"]
    assert issue(found, "same-names").groups == (("trainA/0.jpg", "trainA/0.png"),)


def gray16(path: Path, most: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((RNG.random((40, 40)) * most).astype(np.uint16)).save(path)


def test_12_bits_in_files_of_16_are_a_warning_with_the_range_to_set(tmp_path: Path) -> None:
    for folder, most in (("trainA", 4095), ("trainB", 4000)):
        for k in range(3):
            gray16(tmp_path / folder / f"{k}.png", most)
    found = check_folder(tmp_path, load_size=40)
    narrow = next(each for each in found.issues if each.kind == "narrow-range")
    assert narrow.level == "warning"
    assert '`--set "data.value_range=[0,4095]"`' in narrow.message
    assert re.fullmatch(r"\d+ to 40\d\d, 12 of 16 bits", found.folders[0].values[0])


def test_domains_of_different_depth_get_a_range_each(tmp_path: Path) -> None:
    for folder, most in (("trainA", 1023), ("trainB", 65535)):
        gray16(tmp_path / folder / "0.png", most)
    narrow = next(each for each in check_folder(tmp_path, load_size=40).issues if each.kind == "narrow-range")
    assert '"data.value_range={a: [0,1023], b: [0,65535]}"' in narrow.message


def test_a_full_range_is_no_issue(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB"):
        gray16(tmp_path / folder / "0.png", 65535)
    assert not [each for each in check_folder(tmp_path, load_size=40).issues if each.kind == "narrow-range"]


def test_a_cmyk_tiff_is_an_image_like_any_other(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB"):
        (tmp_path / folder).mkdir()
        Image.fromarray(RNG.integers(0, 256, (40, 40, 4), dtype=np.uint8), "CMYK").save(tmp_path / folder / "0.tif")
    found = check_folder(tmp_path, load_size=40)
    assert not found.count("problem")
    assert found.folders[0].kinds == {"TIFF CMYK 8 bit": 1}


def test_two_folders_of_other_names_are_answered_with_the_options_that_name_them(root: Path, tmp_path: Path) -> None:
    for name, source in (("day", "trainA"), ("night", "trainB")):
        shutil.copytree(root / source, tmp_path / "other" / name)
    found = issue(check(tmp_path / "other"), "layout")
    assert f"`--data-a {tmp_path}/other/day --data-b {tmp_path}/other/night`" in found.message
