from typing import Any

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.config.batch import batch_shapes
from i2ikit.config.sections import with_defaults
from i2ikit.errors import DataError, I2IKitError
from i2ikit.translation import build_model


class Items:
    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"a": torch.zeros(3, 20, 28), "b": torch.zeros(3, 24, 16)}


class Missing(Items):
    def __getitem__(self, index: int) -> dict[str, Any]:
        raise DataError("gone")


def shapes(config: dict[str, Any], dataset: Any = None, **data: Any) -> Any:
    model = build_model(config["model"], Builder())
    assert model is not None
    return batch_shapes(with_defaults({**config, "data": {"batch_size": 2, **data}}), model, dataset)


def test_a_transform_with_one_output_size_determines_it(cut):
    train = {"type": "UnpairedFolders", "root": "not/there", "transform": {"type": "ResizeCropFlip"}}
    found = shapes(cut, load_size=40, crop_size=32, train=train)
    assert found == {"a": (2, 3, 32, 32), "b": (2, 3, 32, 32)}


def test_the_crop_size_of_a_data_set_determines_it(cut):
    found = shapes(cut, crop_size=64, train={"type": "SingleImagePair", "root": "not/there"})
    assert found == {"a": (2, 3, 64, 64), "b": (2, 3, 64, 64)}


def test_without_a_size_in_the_config_an_item_is_read(cut):
    train = {"type": "UnpairedFolders", "root": "not/there", "transform": {"type": "ResizeToMultiple"}}
    assert shapes(cut, Items(), train=train) == {"a": (2, 3, 20, 28), "b": (2, 3, 24, 16)}


def test_channels_are_those_of_the_generator(cut):
    cut["model"]["generators"] = {"ab": {"type": "ResNetGenerator", "in_channels": 1, "out_channels": 4, "filters": 4}}
    cut["model"]["discriminators"] = {"b": {"type": "PatchGANDiscriminator", "in_channels": 4}}
    found = shapes(cut, load_size=16, train={"type": "Stripes"})
    assert found == {"a": (2, 1, 16, 16), "b": (2, 4, 16, 16)}


@pytest.mark.parametrize("dataset", [None, Missing()])
def test_an_unknown_size_is_an_error(cut, dataset):
    with pytest.raises(I2IKitError, match=r"set data\.crop_size"):
        shapes(cut, dataset, train={"type": "UnpairedFolders", "root": "not/there"})
