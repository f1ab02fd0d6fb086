"""The few numbers that tell one data set from another."""

from pathlib import Path

import pytest

from i2ikit.engine.checkpointing.fingerprint import fingerprint


class Files:
    def __init__(self, **paths: object) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> dict[str, object]:
        raise AssertionError("no image is read")


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, size in (("1.png", 10), ("2.png", 20), ("deep/3.png", 30)):
        (tmp_path / "A" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "A" / name).write_bytes(b"x" * size)
    return tmp_path / "A"


def of(folder: Path, *names: str) -> dict[str, int | str]:
    return fingerprint({"train": Files(a=[folder / name for name in names])})


def test_files_are_counted_and_weighed_without_being_read(folder):
    found = of(folder, "1.png", "2.png", "deep/3.png")
    names = found.pop("train.a.names")
    assert found == {"train.items": 5, "train.a.files": 3, "train.a.bytes": 60}
    assert len(str(names)) == 12


def test_another_name_order_or_size_is_seen_and_another_place_is_not(folder, tmp_path):
    first = of(folder, "1.png", "2.png")
    assert of(folder, "2.png", "1.png") != first
    assert of(folder, "1.png", "deep/3.png") != first
    (tmp_path / "moved").mkdir()
    for name in ("1.png", "2.png"):
        (folder / name).rename(tmp_path / "moved" / name)
    assert of(tmp_path / "moved", "1.png", "2.png") == first
    (tmp_path / "moved" / "1.png").write_bytes(b"x" * 11)
    changed = of(tmp_path / "moved", "1.png", "2.png")
    assert {key for key in first if first[key] != changed[key]} == {"train.a.bytes"}


def test_one_file_a_domain_without_files_and_a_missing_data_set_are_fine(folder):
    found = fingerprint({"train": Files(a=folder / "1.png", b=[]), "test": None})
    assert (found["train.a.files"], found["train.b.files"], found["train.b.bytes"]) == (1, 0, 0)
    assert not any(key.startswith("test") for key in found)


def test_a_data_set_without_files_has_its_length(folder):
    assert fingerprint({"test": [1, 2, 3]}) == {"test.items": 3}


def test_a_link_that_leads_nowhere_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to("nowhere.png")
    assert fingerprint({"train": Files(a=[tmp_path / "link.png"])})["train.a.bytes"] == 0
