"""Folders and lists of images, and what is wrong with them."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from i2ikit.datasets.sources import read_source
from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.errors import DataError


def fill(folder: Path, count: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        Image.new("RGB", (2, 2), (k, k, k)).save(folder / f"{k}.png")
    return folder


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_text_lists_paths_relative_to_itself_and_comments(tmp_path: Path) -> None:
    fill(tmp_path / "all")
    source = write(tmp_path / "lists/a.txt", "# the best", "", "../all/2.png", str(tmp_path / "all/0.png"))
    files, attributes = read_source(source)
    assert [*files] == [str(tmp_path / "lists/../all/2.png"), str(tmp_path / "all/0.png")]
    assert attributes == {}


def test_a_table_has_a_column_of_paths_and_attributes_as_text(tmp_path: Path) -> None:
    fill(tmp_path)
    lines = ["hour,path,place", "7,0.png,park", '12,1.png,"street, north"']
    files, attributes = read_source(write(tmp_path / "a.csv", *lines))
    assert [*files] == [str(tmp_path / "0.png"), str(tmp_path / "1.png")]
    assert attributes == {"hour": ["7", "12"], "place": ["park", "street, north"]}


def test_lines_of_json_have_attributes_of_their_types(tmp_path: Path) -> None:
    fill(tmp_path)
    lines = [json.dumps({"path": f"{k}.png", "hour": k / 2, "night": k > 0}) for k in range(2)]
    assert read_source(write(tmp_path / "a.jsonl", *lines))[1] == {"hour": [0.0, 0.5], "night": [False, True]}


def test_attributes_travel_with_their_images(tmp_path: Path) -> None:
    fill(tmp_path)
    write(tmp_path / "a.csv", "path,hour", "1.png,7")
    fill(tmp_path / "zebras")
    item = UnpairedFolders(tmp_path, a="a.csv", b="zebras")[0]
    assert item["a_attributes"] == {"hour": "7"}
    assert item["a_path"] == str(tmp_path / "1.png")
    assert "b_attributes" not in item


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("a.txt", ["# nothing"], r"the list \S+a\.txt names no images"),
        ("a.txt", ["9.png"], r"line 1 of \S+a\.txt names 9\.png, but there is no .*relative to the folder of the list"),
        ("a.csv", ["file,hour", "0.png,1"], r"the first line of \S+a\.csv has no column 'path', but file, hour"),
        ("a.csv", ["path,hour", "0.png"], r"line 2 of \S+a\.csv has 1 value for 2 columns"),
        ("a.csv", ["path,hour", ",3"], r"line 2 of \S+a\.csv has no 'path'"),
        ("a.jsonl", ['{"path": "0.png"', "{}"], r"line 1 of \S+a\.jsonl is not JSON"),
        ("a.jsonl", ["[" * 100_000], r"line 1 of \S+a\.jsonl is nested too deeply"),
        ("a.jsonl", ['{"path": "a\\u0000b"}'], r"line 1 of \S+a\.jsonl: no file can be called 'a\\x00b'"),
        ("a.jsonl", ['{"path": "\\ud800"}'], r"line 1 of \S+a\.jsonl: no file can be called '\\ud800'"),
        ("a.jsonl", ['{"path": "0.png", "x": 1e999}'], r"line 1 of \S+a\.jsonl: 'x' must be a finite number, not inf"),
        ("a.jsonl", ['{"path": "0.png", "x": ' + "9" * 400 + "}"], r"jsonl: 'x' must be an integer of at most"),
        ("a.jsonl", ["[1]"], r"line 1 of \S+a\.jsonl is not an object"),
        ("a.jsonl", ['{"paht": "0.png"}'], r"line 1 of \S+a\.jsonl has no 'path'\. Nearest: 'paht'"),
        ("a.jsonl", ['{"path": "0.png", "x": null}'], r"line 1 of \S+a\.jsonl: 'x' must be text, a number"),
        (
            "a.jsonl",
            ['{"path": "0.png", "x": 1}', '{"path": "1.png"}'],
            r"line 2 of \S+a\.jsonl has the keys none, the lines before it x",
        ),
    ],
)
def test_errors_in_lists_are_named_by_line(tmp_path: Path, name: str, lines: list[str], message: str) -> None:
    fill(tmp_path)
    with pytest.raises(DataError, match=message):
        read_source(write(tmp_path / name, *lines))


def test_a_list_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(DataError, match=r"the list \S+a\.txt cannot be read"):
        read_source(tmp_path / "a.txt")


def test_what_is_neither_folder_nor_list_is_named_with_the_nearest(tmp_path: Path) -> None:
    fill(tmp_path / "horses")
    with pytest.raises(DataError, match=r"horse is neither a folder nor a list .*\.csv.*Nearest: 'horses'"):
        read_source(tmp_path / "horse")


def test_each_domain_may_have_any_folder(tmp_path: Path) -> None:
    fill(tmp_path / "horses", 2)
    fill(tmp_path / "elsewhere" / "zebras", 3)
    dataset = UnpairedFolders(tmp_path, a="horses", b=tmp_path / "elsewhere/zebras", pairing="serial")
    assert dataset[1]["a_path"] == str(tmp_path / "horses/1.png")
    assert dataset[2]["b_path"] == str(tmp_path / "elsewhere/zebras/2.png")


def test_one_domain_inside_the_other_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "photos")
    fill(tmp_path / "photos/zebras")
    with pytest.raises(DataError, match=r"are inside those of the other: \S+zebras in \S+photos\."):
        UnpairedFolders(tmp_path, a="photos", b="photos/zebras")
    with pytest.raises(DataError, match=r"both domains are \S+photos: there is nothing to translate"):
        UnpairedFolders(tmp_path, a="photos", b="photos/../photos")


def test_the_channels_of_the_domains_may_differ(tmp_path: Path) -> None:
    fill(tmp_path / "trainA")
    fill(tmp_path / "trainB")
    item = UnpairedFolders(tmp_path, channels={"a": 1, "b": 3}, value_range={"a": [0, 510], "b": None})[2]
    assert item["a"].shape == (1, 2, 2)
    assert item["b"].shape == (3, 2, 2)
    assert torch.allclose(item["a"], torch.tensor(2 / 510 * 2 - 1))
    with pytest.raises(ValueError, match=r"channels must be one value, or dict\(a=\.\.\., b=\.\.\.\), not \{'a': 1\}"):
        UnpairedFolders(tmp_path, channels={"a": 1})
