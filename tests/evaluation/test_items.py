import pytest
import torch

from i2ikit.evaluation.items import first_items, has_truth, mask_of, spread
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


def item(first, second):
    return {"a": torch.zeros(1), "b": torch.zeros(1), "a_path": first, "b_path": second}


def test_images_are_a_pair_if_their_files_have_one_stem_or_no_path_or_the_dataset_declares_it():
    dataset = DATASETS.get("NoisyPairs")(count=3)
    assert has_truth(dataset, item("testA/7.png", "testB/7.jpg"), "a", "b")
    assert has_truth(dataset, item(None, "testB/17.png"), "a", "b")
    assert not has_truth(dataset, {"a": torch.zeros(1)}, "a", "b")
    unlike = item("testA/7.png", "testB/17.png")
    assert not has_truth(dataset, unlike, "a", "b")
    dataset.paired = True
    assert has_truth(dataset, unlike, "a", "b")


def test_a_mask_is_that_of_the_pair_or_of_the_image():
    one, other = torch.zeros(1, 2, 2), torch.ones(1, 2, 2)
    assert mask_of({"mask": one, "a_mask": other}, "a") is one
    assert mask_of({"a_mask": one, "b_mask": other}, "b") is other
    assert mask_of({"a_mask": one}, "b") is None


@pytest.mark.parametrize(
    ("total", "count", "indices"),
    [
        (8, 4, [0, 2, 4, 6]),
        (86, 4, [0, 21, 43, 64]),
        (3, 8, [0, 1, 2]),
        (5, 5, [0, 1, 2, 3, 4]),
        (1, 1, [0]),
        (0, 3, []),
    ],
)
def test_indices_are_spread_evenly(total: int, count: int, indices: list[int]):
    assert spread(total, count) == indices


def test_a_larger_choice_contains_the_smaller_one():
    for total in (7, 96, 101, 1000):
        assert set(spread(total, 8)) <= set(spread(total, 100))
        assert spread(total, total) == list(range(total))
