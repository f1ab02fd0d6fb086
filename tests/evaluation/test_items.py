import pytest
import torch

from i2ikit.evaluation.items import first_items, is_pair
from i2ikit.registry import DATASETS

pytestmark = pytest.mark.usefixtures("tiny_parts")


def test_the_first_items_are_the_same_at_every_call_and_leave_the_random_streams_alone():
    dataset = DATASETS.get("NoisyPairs")(count=3)
    first = list(first_items(dataset, 2, seed=5))
    torch.manual_seed(1)
    second = list(first_items(dataset, 2, seed=5))
    after = torch.rand(1)
    assert [item["a_path"] for item in first] == ["a0", "a1"]
    assert all(torch.equal(one["a"], other["a"]) for one, other in zip(first, second, strict=True))
    assert torch.equal(after, torch.rand(1, generator=torch.Generator().manual_seed(1)))


def test_there_are_no_more_items_than_the_data_set_has():
    dataset = DATASETS.get("NoisyPairs")(count=3)
    assert len(list(first_items(dataset, 9))) == len(list(first_items(dataset))) == 3


def test_images_are_a_pair_if_their_files_have_one_stem_or_no_path():
    assert is_pair("testA/7.png", "testB/7.jpg")
    assert not is_pair("testA/7.png", "testB/17.png")
    assert is_pair(None, "testB/17.png")
