from pathlib import Path
from typing import Any

import pytest

from i2ikit.engine.checkpointing.changes import Change, config_changes, fingerprint, value_changes


def config(**model: Any) -> dict[str, Any]:
    generators = {"ab": {"type": "ResNetGenerator", "filters": 4}}
    return {"model": {"generators": generators, **model}, "seed": 0, "hooks": [{"type": "EMAHook", "momentum": 0.1}]}


def texts(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [str(change) for change in config_changes(old, new)]


def test_equal_configs_have_no_differences_and_tuples_are_lists():
    assert texts(config(taps=("stem", "down1")), config(taps=["stem", "down1"])) == []


def test_each_value_has_its_own_line():
    new = config()
    new["model"]["generators"]["ab"] |= {"filters": 8, "blocks": 6}
    new["seed"] = 3
    new["hooks"] = [{"type": "EMAHook", "momentum": 0.2}]
    assert texts(config(), new) == [
        "model.generators.ab.filters: 4 -> 8",
        "model.generators.ab.blocks: 9 -> 6",  # 9 is the default
        "seed: 0 -> 3",
        "hooks.0.momentum: 0.1 -> 0.2",
    ]


def test_a_default_that_is_written_out_is_no_difference():
    new = config()
    new["model"]["generators"]["ab"]["blocks"] = 9
    assert texts(config(), new) == texts(new, config()) == []


def test_what_is_there_on_one_side_only_is_not_set_on_the_other():
    long = {"type": "PixelTerm", "image": "ab(ab(ab(ab(ab(ab(ab(ab(ab(ab(a))))))))))", "target": "a"}
    found = texts(config(), config(phases={"generate": {"terms": {"extra": long}}}))
    assert found == [
        "model.phases: (not set) -> {'generate': {'terms': {'extra': {'type': 'PixelTerm', 'i..."
    ]  # at most 60 characters of a value


def test_a_file_of_imports_that_moves_is_no_difference():
    assert texts({**config(), "imports": ["/a/gen.py"]}, {**config(), "imports": ["/b/gen.py"]}) == []


def test_lists_of_another_length_are_shown_completely():
    new = {**config(), "hooks": []}
    assert texts(config(), new) == ["hooks: [{'type': 'EMAHook', 'momentum': 0.1}] -> []"]


@pytest.mark.parametrize(
    ("key", "networks", "weights"),
    [
        ("model.generators.ab.filters", True, True),
        ("model.type", True, True),
        ("model.phases.generate.terms.gan.weight", False, True),
        ("train.accumulate", False, True),
        ("train.steps", False, False),
        ("log.every", False, False),
        ("logger", False, True),
        ("data.workers", False, False),
        ("data.batch_size", False, True),
        ("files.train.items", False, True),
        ("files.imports.gen.py", False, True),
        ("files.test.items", False, False),
    ],
)
def test_changes_of_networks_and_of_weights_are_distinguished(key, networks, weights):
    change = Change(key, 1, 2)
    assert (change.of_networks, change.of_weights) == (networks, weights)


def test_flat_values_are_compared_under_their_section():
    found = value_changes({"torch": "2.4", "numpy": "1"}, {"torch": "2.5", "numpy": "1", "git": "ab"}, "versions.")
    assert [str(change) for change in found] == ["versions.torch: '2.4' -> '2.5'", "versions.git: (not set) -> 'ab'"]


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


def test_files_are_counted_and_measured_without_being_read(folder):
    found = of(folder, "1.png", "2.png", "deep/3.png")
    names = found.pop("train.a.names")
    assert found == {"train.items": 5, "train.a.files": 3, "train.a.bytes": 60}
    assert len(str(names)) == 12


def test_another_name_order_or_size_is_noticed_and_another_folder_is_not(folder, tmp_path):
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
