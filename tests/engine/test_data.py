"""From the config's ``data`` to data sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from PIL import Image

from i2ikit.build import Builder
from i2ikit.config.data import read_from
from i2ikit.config.sections import with_defaults
from i2ikit.datasets.stripes.stripes import Stripes
from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.engine.data import (
    build_dataset,
    build_train_loader,
    check_sample,
    notes_on_test_set,
    sampled_values,
)
from i2ikit.errors import DataError
from i2ikit.registry import DATASETS
from i2ikit.transforms.resize_crop_flip import ResizeCropFlip

LOADING = with_defaults({"data": {"workers": 0}})["data"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("trainA", "trainB", "testA"):
        (tmp_path / folder).mkdir()
        for k in range(3):
            Image.new("RGB", (10, 10)).save(tmp_path / folder / f"{k}.png")
    return tmp_path


@pytest.fixture
def procedural(monkeypatch: pytest.MonkeyPatch) -> type[Any]:
    """A registered data set without a root, that takes the sizes itself and a list of transforms."""

    class Procedural:
        def __init__(self, split: str = "train", crop_size: int = 1, transforms: list[Any] | None = None) -> None:
            self.split, self.crop_size, self.transforms = split, crop_size, transforms

    monkeypatch.setitem(DATASETS.module_dict, "Procedural", Procedural)
    return Procedural


def data(root: Path, **more: Any) -> dict[str, Any]:
    return {
        "load_size": 12,
        "crop_size": 8,
        "train": {"type": "UnpairedFolders", "root": str(root), "transform": {"type": "ResizeCropFlip"}},
        "test": {"type": "UnpairedFolders", "root": str(root), "split": "test", "transform": {"type": "Resize"}},
        **more,
    }


def built(config: Any, split: str = "train") -> Any:
    builder = Builder()
    dataset = build_dataset(config, split, builder)
    assert builder.errors == []
    return dataset


def transform_of(dataset: UnpairedFolders) -> Any:
    return dataset.domains["a"].transform


def test_the_sizes_of_data_reach_the_transform(root: Path) -> None:
    dataset = built(data(root))
    assert isinstance(dataset, UnpairedFolders)
    assert isinstance(transform_of(dataset), ResizeCropFlip)
    assert (transform_of(dataset).load_size, transform_of(dataset).crop_size) == (12, 8)
    assert built(data(root), "test")[0]["a"].shape == (3, 8, 8)


def test_a_size_that_the_transform_sets_itself_stands(root: Path) -> None:
    config = data(root)
    config["train"]["transform"]["load_size"] = 9
    assert transform_of(built(config)).load_size == 9


def test_the_sizes_reach_the_data_set_and_lists_of_parts(procedural: type[Any]) -> None:
    config = {"crop_size": 8, "train": {"type": "Procedural", "transforms": [{"type": "Resize"}]}}
    dataset = built(config)
    assert dataset.crop_size == 8
    assert dataset.transforms[0].size == (8, 8)


def test_the_config_itself_is_left_alone(root: Path) -> None:
    config = data(root)
    built(config)
    assert config == data(root)


def test_a_config_of_mmengine_will_do(root: Path) -> None:
    assert transform_of(built(ConfigDict(data(root)))).crop_size == 8


def test_no_test_data_is_no_error_but_no_training_data_is() -> None:
    builder = Builder()
    assert build_dataset({}, "test", builder) is None
    assert builder.errors == []
    assert build_dataset({}, "train", builder) is None
    assert [(m.path, "no data to train on" in m.message) for m in builder.errors] == [("data", True)]


def test_errors_are_noted_with_their_key_paths(root: Path) -> None:
    builder = Builder()
    config = data(root, train={"type": "UnpairedFolder", "root": "x"})
    config["test"]["transform"] = {"type": "Resize", "heigth": 3}
    assert build_dataset(config, "train", builder) is None
    assert build_dataset(config, "test", builder) is None
    assert [m.path for m in builder.errors] == ["data.train.type", "data.test.transform.heigth"]
    assert "Nearest: 'UnpairedFolders'" in builder.errors[0].message


def test_a_missing_size_is_an_error_that_names_it(root: Path) -> None:
    builder = Builder()
    config = data(root)
    del config["crop_size"]
    assert build_dataset(config, "train", builder) is None
    assert builder.errors[0].message == "ResizeCropFlip needs the argument 'crop_size'"


def test_missing_images_are_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected"):
        build_dataset(data(tmp_path / "nowhere"), "train", Builder())


def test_another_root_replaces_both_and_keeps_the_rest(root: Path) -> None:
    config = data(root)
    changed = read_from({"data": config}, "elsewhere")["data"]
    assert changed["train"] == {**config["train"], "root": "elsewhere"}
    assert changed["test"] == {**config["test"], "root": "elsewhere"}
    assert config == data(root)


def test_a_data_set_without_a_root_gives_way_to_folders(root: Path, procedural: type[Any]) -> None:
    own = {"type": "Resize", "size": 5}
    config = {
        "load_size": 12,
        "crop_size": 8,
        "train": {"type": "Procedural", "transforms": []},
        "test": {"type": "Procedural", "split": "test", "transform": own},
    }
    changed = read_from({"data": config}, root)["data"]
    train, test = built(changed), built(changed, "test")
    assert isinstance(transform_of(train), ResizeCropFlip)
    assert train.pairing == "random"
    assert test.pairing == "serial"
    assert test[0]["a"].shape == (3, 5, 5)


def test_an_unknown_data_set_stays_for_the_builder_to_report() -> None:
    changed = read_from({"data": {"train": {"type": "Nowhere"}}}, "x")["data"]
    builder = Builder()
    build_dataset(changed, "train", builder)
    assert [m.path for m in builder.errors] == ["data.train.type"]


def test_the_loader_yields_batches_of_images(root: Path) -> None:
    loader = build_train_loader(built(data(root)), LOADING | {"batch_size": 3}, seed=0)
    (batch,) = loader
    assert batch["a"].shape == batch["b"].shape == (3, 3, 8, 8)
    assert sorted(batch["a_path"]) == [str(root / "trainA" / f"{k}.png") for k in range(3)]


def test_a_cache_changes_no_pixel(root: Path, tmp_path: Path) -> None:
    def batches(**more: Any) -> list[dict[str, Any]]:
        loader = build_train_loader(built(data(root)), LOADING | {"batch_size": 3} | more, seed=0)
        found = []
        for epoch in (1, 2):
            loader.start(epoch)
            found += list(loader)
        return found

    plain, kept = batches(), batches(cache=True, cache_dir=str(tmp_path / "kept"), workers=1)
    assert all(torch.equal(one[d], other[d]) for one, other in zip(plain, kept, strict=True) for d in ("a", "b"))
    assert any((tmp_path / "kept").rglob("??/*"))


def test_a_cache_for_a_data_set_without_files_is_refused() -> None:
    with pytest.raises(DataError, match=r"Stripes reads no files that a cache could keep.*--set data\.cache=False"):
        build_train_loader(Stripes(count=2, load_size=8), LOADING | {"cache": True}, seed=0)


def spoil(root: Path, *names: str) -> None:
    for name in names:
        (root / name).write_bytes(b"no image")


def test_a_sample_of_headers_is_checked_before_a_run(root: Path) -> None:
    spoil(root, "trainA/1.png")
    dataset = built(data(root))
    loader = build_train_loader(dataset, LOADING, seed=0)
    assert (loader.bad_files.files, loader.bad_files.allowed) == (6, 1)
    note = check_sample(dataset, loader.bad_files, seed=0)
    assert "1 of 6 files checked cannot be read" in note
    assert str(root / "trainA/1.png") in note
    spoil(root, "trainB/0.png")
    with pytest.raises(DataError, match=r"(?s)2 of 6 files cannot be read.*trainA/1\.png.*trainB/0\.png"):
        check_sample(dataset, loader.bad_files, seed=0)


def test_nothing_is_said_about_headers_that_are_well_or_absent(root: Path) -> None:
    for dataset in (built(data(root)), Stripes(count=2, load_size=8)):
        assert check_sample(dataset, build_train_loader(dataset, LOADING, seed=0).bad_files, seed=0) == ""


def gray16(root: Path, most: dict[str, int]) -> Any:
    """Return a data set of 16-bit images with values from 0 to a number of each domain."""
    for domain, high in most.items():
        for k in range(3):
            values = np.linspace(0, high, 100).reshape(10, 10).astype(np.uint16)
            Image.fromarray(values).save(root / f"train{domain}" / f"{k}.png")
    return data(root, channels=1)


def test_a_run_says_which_range_to_set_where_less_than_half_is_used(root: Path) -> None:
    (note,) = sampled_values(built(gray16(root, {"A": 4095, "B": 4095})), seed=0)
    assert "(a 0 to 4095, 12 of 16 bits; b 0 to 4095, 12 of 16 bits)" in note
    assert '`--set "data.value_range=[0,4095]"`' in note
    (note,) = sampled_values(built(gray16(root, {"A": 65535, "B": 1023})), seed=0)
    assert '`--set "data.value_range={a: [0,65535], b: [0,1023]}"`' in note


def test_nothing_is_said_where_the_range_is_used_or_set(root: Path) -> None:
    narrow = gray16(root, {"A": 4095, "B": 4095})
    assert sampled_values(built({**narrow, "value_range": [0, 4095]}), seed=0) == []
    assert sampled_values(built(gray16(root, {"A": 65535, "B": 40000})), seed=0) == []
    assert sampled_values(Stripes(count=2, load_size=8), seed=0) == []


def test_a_run_says_that_only_the_first_frame_of_each_file_is_used(root: Path) -> None:
    frames = [Image.fromarray(np.full((10, 10), level, np.uint8)) for level in (0, 99, 255)]
    frames[2].save(root / "trainA/0.gif", save_all=True, append_images=frames[:2])
    (root / "trainA/0.png").unlink()
    notes = sampled_values(built(data(root)), seed=0)
    assert any("several frames in 1 of 6 files read, such as" in note for note in notes)
    assert any("0.gif with 3: only the first frame" in note for note in notes)


def test_what_is_unusual_about_the_test_set_is_said_with_its_effect(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB", "testA"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / folder / "0.png")
    train, test = UnpairedFolders(tmp_path), UnpairedFolders(tmp_path, "test")
    assert notes_on_test_set(train, None) == [
        "The config has no data.test: no samples are written and nothing is measured."
    ]
    assert notes_on_test_set(train, train) == [
        "The test images are training images, so metrics say little about new images."
    ]
    assert notes_on_test_set(train, test) == [
        "There are no test images of domain b (its folder, such as testB, is missing or empty): metrics that need real "
        "ones are not measured."
    ]
