import logging
from pathlib import Path

import pytest

from i2ikit.errors import CheckpointError, DataError
from i2ikit.inference import plan as plan_module
from i2ikit.inference.plan import FolderPlan, Share, plan_file, refuse_replacing, refuse_swapped


def make(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def names(plan: FolderPlan) -> list[str]:
    return list(plan.names(plan.walk()))


def test_names_are_in_natural_order_and_targets_keep_the_tree(tmp_path: Path):
    for name in ("10.png", "9.png", "deep/ä.PNG", "notes.txt", ".hidden.png"):
        make(tmp_path / "in" / name)
    plan = FolderPlan(tmp_path / "in", tmp_path / "out")
    assert names(plan) == ["9.png", "10.png", "deep/ä.PNG"]
    assert plan.target("deep/ä.PNG") == tmp_path / "out/deep/ä.PNG"


def test_a_large_folder_is_sorted_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plan_module, "BLOCK", 2)
    for number in range(5):
        make(tmp_path / "in" / f"{number}.png")
    walk = FolderPlan(tmp_path / "in", tmp_path / "out").walk()
    first = iter(walk)
    next(first)
    assert walk.images == 1
    found = [*iter(FolderPlan(tmp_path / "in", tmp_path / "out").walk())]
    assert sorted(found) == [f"{number}.png" for number in range(5)]
    assert all(found[start : start + 2] == sorted(found[start : start + 2]) for start in (0, 2, 4))


@pytest.mark.parametrize("output", ["in", "in/../in", "link"])
def test_inputs_are_never_replaced(tmp_path: Path, output: str):
    make(tmp_path / "in" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with pytest.raises(DataError, match="would replace the inputs; choose another output folder"):
        FolderPlan(tmp_path / "in", tmp_path / output)


def test_a_link_in_the_output_folder_that_leads_to_inputs_is_refused(tmp_path: Path):
    make(tmp_path / "in" / "deep" / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").symlink_to(tmp_path / "in" / "deep")
    with pytest.raises(DataError, match=r"out/deep/a\.png would replace the input \S+in/deep; choose another"):
        FolderPlan(tmp_path / "in", tmp_path / "out").target("deep/a.png")


def test_outputs_above_the_input_replace_none_of_it(tmp_path: Path):
    make(tmp_path / "photos" / "in" / "photos" / "in" / "a.png")
    plan = FolderPlan(tmp_path / "photos" / "in", tmp_path)
    with pytest.raises(DataError, match="would replace the input"):
        plan.target("photos/in/a.png")
    assert plan.target("b.png") == tmp_path / "b.png"


def test_an_output_folder_inside_the_input_is_no_part_of_it(tmp_path: Path):
    make(tmp_path / "in" / "a.png")
    make(tmp_path / "in" / "out" / "a.png")
    plan = FolderPlan(tmp_path / "in", tmp_path / "in" / "out")
    assert names(plan) == ["a.png"]
    assert plan.target("a.png") == tmp_path / "in/out/a.png"


def test_an_image_is_not_written_onto_itself_through_a_link(tmp_path: Path):
    source = make(tmp_path / "in" / "a.png")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    with pytest.raises(DataError, match="would replace the input"):
        refuse_replacing([source], [plan_file(source, tmp_path / "out")])


def test_a_link_to_itself_has_a_target(tmp_path: Path):
    loop = tmp_path / "b.png"
    loop.symlink_to(loop)
    make(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").symlink_to(tmp_path / "in" / "b.png")
    plan = FolderPlan(tmp_path / "in", tmp_path / "out")
    assert [plan.target(name).name for name in names(plan)] == ["a.png", "b.png"]


def test_read_only_formats_become_png_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    make(tmp_path / "in" / "old.pcx")
    assert FolderPlan(tmp_path / "in", tmp_path / "out").target("old.pcx") == tmp_path / "out/old.png"
    assert plan_file(tmp_path / "in" / "old.pcx", tmp_path / "out") == tmp_path / "out/old.png"
    assert caplog.text.count("old.pcx becomes old.png") == 2


@pytest.mark.parametrize("other", ["a.png", "a.PNG", "a.psd"])
def test_images_that_differ_in_their_extension_become_different_files(tmp_path: Path, other: str):
    for name in ("a.pcx", "a.jpg", other):
        make(tmp_path / "in" / name)
    plan = FolderPlan(tmp_path / "in", tmp_path / "out")
    assert plan.target("a.pcx").name == "a.pcx.png"
    assert len({plan.target(name) for name in names(plan)}) == 3


def test_two_images_that_would_become_one_file_are_refused(tmp_path: Path):
    for name in ("a.pcx", "a.png", "a.pcx.png"):
        make(tmp_path / "in" / name)
    plan = FolderPlan(tmp_path / "in", tmp_path / "out")
    with pytest.raises(DataError, match=r"a\.pcx and another image would both become \S+a\.pcx\.png; rename one"):
        plan.target("a.pcx")
    assert plan.target("a.pcx.png").name == "a.pcx.png"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_shares_hold_each_image_once(tmp_path: Path, count: int):
    for number in range(40):
        make(tmp_path / "in" / f"{number % 3}" / f"{number}.png")
    plans = [FolderPlan(tmp_path / "in", tmp_path / "out", share=Share(index, count)) for index in range(1, count + 1)]
    found = [names(plan) for plan in plans]
    assert sorted(name for share in found for name in share) == sorted(names(FolderPlan(tmp_path / "in", tmp_path)))
    assert all(share for share in found)


@pytest.mark.parametrize("block", [4096, 8])
def test_shares_are_complete_and_those_of_a_small_folder_differ_by_one_image_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
):
    monkeypatch.setattr(plan_module, "BLOCK", block)
    for number in range(8):
        make(tmp_path / "in" / f"{number}.png")
    found = [names(FolderPlan(tmp_path / "in", tmp_path / "out", share=Share(index, 3))) for index in (1, 2, 3)]
    assert sorted(name for share in found for name in share) == [f"{number}.png" for number in range(8)]
    if block > 8:  # a large one is shared by a hash
        assert sorted(map(len, found)) == [2, 3, 3]


def test_folders_of_one_image_are_spread_over_shares(tmp_path: Path):
    for number in range(40):
        make(tmp_path / "in" / f"{number}" / "image.png")
    found = [names(FolderPlan(tmp_path / "in", tmp_path / "out", share=Share(index, 2))) for index in (1, 2)]
    assert all(10 <= len(share) <= 30 for share in found)  # a fair draw stays within 3 standard deviations


def test_numbered_names_are_spread_evenly_over_shares():
    names = [f"{number:04}.png" for number in range(1, 1001)]
    counts = [sum(map(Share(index, 4).holds, names)) for index in (1, 2, 3, 4)]
    assert sum(counts) == 1000
    assert all(200 < count < 300 for count in counts)  # a fair draw stays within 4 standard deviations: 195 to 305


@pytest.mark.parametrize(("index", "count"), [(0, 2), (3, 2), (1, 0)])
def test_a_share_that_does_not_exist_is_refused(index: int, count: int):
    with pytest.raises(ValueError, match=f"a share is 1/N to N/N, not {index}/{count}"):
        Share(index, count)


@pytest.mark.parametrize(
    ("output", "expected"), [("out.jpg", "out.jpg"), ("new/x.png", "new/x.png"), ("new", "new/a.png")]
)
def test_one_image_becomes_the_named_file_or_a_file_in_the_named_folder(tmp_path: Path, output: str, expected: str):
    assert plan_file(make(tmp_path / "a.png"), tmp_path / output) == tmp_path / expected


def test_a_named_file_of_a_format_that_is_not_written_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"cannot write .*out\.pcx: i2ikit writes no \.pcx; use \.png"):
        plan_file(make(tmp_path / "a.png"), tmp_path / "out.pcx")


@pytest.mark.parametrize(("name", "hint"), [("out.xyz", ""), ("new/x.jpgg", "Nearest: '.jpg'"), ("a.txt", "")])
def test_a_named_file_of_an_unknown_format_is_refused(tmp_path: Path, name: str, hint: str):
    with pytest.raises(DataError, match=rf"is not the extension of an image\..*{hint}.*make it first: `mkdir -p "):
        plan_file(make(tmp_path / "a.png"), tmp_path / name)


@pytest.mark.parametrize("name", ["v1.2", "results 2024.11", ".hidden", "run.final"])
def test_a_folder_may_have_dots_in_its_name(tmp_path: Path, name: str):
    (tmp_path / "run.final").mkdir()
    assert plan_file(make(tmp_path / "a.png"), tmp_path / name) == tmp_path / name / "a.png"


def test_a_missing_input_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"there is no image and no folder at .*nowhere"):
        plan_file(tmp_path / "nowhere", tmp_path / "out")


def test_a_file_instead_of_the_output_folder_is_refused(tmp_path: Path):
    source = make(tmp_path / "in" / "a.png")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match=r"must be a folder: .*out is a file, but the input is a folder"):
        FolderPlan(tmp_path / "in", tmp_path / "out")
    with pytest.raises(DataError, match=r"must be a folder: .*out is a file, whose extension is not"):
        plan_file(source, tmp_path / "out")


def test_an_output_folder_with_the_extension_of_an_image_is_refused(tmp_path: Path):
    make(tmp_path / "in" / "a.png")
    with pytest.raises(
        DataError, match=r"in is a folder, so its output must be one too; .*out\.png has the extension of an image"
    ):
        FolderPlan(tmp_path / "in", tmp_path / "out.png")
    (tmp_path / "old.png").mkdir()
    FolderPlan(tmp_path / "in", tmp_path / "old.png")


def test_what_a_format_cannot_hold_becomes_tiff_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    for name in ("a.png", "b.tif", "c.npy"):
        make(tmp_path / "in" / name)
    plan = FolderPlan(tmp_path / "in", tmp_path / "out", channels=5)
    with caplog.at_level(logging.WARNING):
        assert [plan.target(name).name for name in names(plan)] == ["a.tif", "b.tif", "c.npy"]
    assert "i2ikit writes no .png with 5 channels: a.png becomes a.tif" in caplog.text


def test_a_named_file_that_cannot_hold_the_channels_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"i2ikit writes no \.jpg with 5 channels; use \.tif"):
        plan_file(make(tmp_path / "a.png"), tmp_path / "out.jpg", channels=5)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (("in", "run", "out"), r"in is no checkpoint: are input and checkpoint swapped\? .*CHECKPOINT INPUT OUTPUT"),
        (("in/a.png", "run", "out"), r"a\.png is an image: are input"),
        (("in/a.png", "out.png", "run"), r"a\.png is an image: are input"),
        (("out", "in", "run/checkpoints/best.pt"), r"out is no checkpoint: are input"),
        (("in", "x.pth", "out"), r"in is no checkpoint: are input"),
    ],
)
def test_a_checkpoint_in_the_wrong_place_is_noticed(tmp_path: Path, order: tuple[str, ...], message: str):
    make(tmp_path / "in" / "a.png")
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "best.pt").touch()
    (tmp_path / "x.pth").touch()
    with pytest.raises(CheckpointError, match=message):
        refuse_swapped(*(tmp_path / path for path in order))
    refuse_swapped(tmp_path / "run", tmp_path / "in", tmp_path / "out")
    refuse_swapped(tmp_path / "x.pth", tmp_path / "in" / "a.png", tmp_path / "out")
