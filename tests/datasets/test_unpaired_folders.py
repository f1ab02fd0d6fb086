"""Two folders of images: pairing, lengths, and messages that help."""

import random
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from i2ikit.datasets.unpaired_folders import UnpairedFolders
from i2ikit.errors import DataError


def fill(root: Path, **counts: int) -> Path:
    """Write images of one gray level each: number k of a folder has the level k."""
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True)
        for k in range(count):
            Image.new("RGB", (2, 2), (k, k, k)).save(root / folder / f"{k}.png")
    return root


def level(tensor: Tensor) -> int:
    return round((tensor.flatten()[0].item() + 1) * 127.5)


def test_the_length_is_that_of_the_larger_domain(tmp_path: Path) -> None:
    assert len(UnpairedFolders(fill(tmp_path / "x", trainA=3, trainB=5))) == 5
    assert len(UnpairedFolders(fill(tmp_path / "y", trainA=5, trainB=3))) == 5


def test_the_smaller_first_domain_starts_over(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=2, trainB=5))
    assert [level(dataset[i]["a"]) for i in range(5)] == [0, 1, 0, 1, 0]


def test_the_second_domain_is_sampled_from_all_its_images_whatever_the_index(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=5, trainB=3))
    torch.manual_seed(0)
    assert {level(dataset[0]["b"]) for _ in range(40)} == {0, 1, 2}


def test_draws_come_from_torch_alone(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=5, trainB=9))
    found = []
    for other_seed in (1, 2):
        torch.manual_seed(4)
        random.seed(other_seed)
        found.append([level(dataset[i]["b"]) for i in range(9)])
    assert found[0] == found[1]


def test_serial_walks_through_both_in_order_and_draws_nothing(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, testA=3, testB=2), "test", pairing="serial")
    before = torch.get_rng_state()
    assert [(level(item["a"]), level(item["b"])) for item in map(dataset.__getitem__, range(3))] == [
        (0, 0),
        (1, 1),
        (2, 0),
    ]
    assert torch.equal(torch.get_rng_state(), before)


def test_items_carry_their_paths(tmp_path: Path) -> None:
    item = UnpairedFolders(fill(tmp_path, trainA=1, trainB=1))[0]
    assert item["a_path"] == str(tmp_path / "trainA" / "0.png")
    assert item["b_path"] == str(tmp_path / "trainB" / "0.png")


def test_a_is_transformed_before_b_with_its_own_draws(tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []

    def transform(image: Image.Image) -> Tensor:
        value = image.getpixel((0, 0))
        assert isinstance(value, tuple)
        draw = torch.rand(1)
        seen.append((int(value[0]), draw.item()))
        return draw

    dataset = UnpairedFolders(fill(tmp_path, trainA=3, trainB=1), transform=transform)
    assert dataset[2]["a"] != dataset[2]["b"]
    assert [value for value, _ in seen[:2]] == [2, 0]


def test_the_epoch_reaches_the_transform(tmp_path: Path) -> None:
    class Transform:
        epoch = 0

        def set_epoch(self, epoch: int) -> None:
            self.epoch = epoch

        def __call__(self, image: Image.Image) -> Tensor:
            return torch.tensor(float(self.epoch))

    dataset = UnpairedFolders(fill(tmp_path, trainA=1, trainB=1), transform=Transform())
    dataset.set_epoch(7)
    assert dataset[0]["a"] == 7
    UnpairedFolders(tmp_path).set_epoch(7)  # nobody there who wants to know


def test_test_images_need_no_second_domain(tmp_path: Path) -> None:
    item = UnpairedFolders(fill(tmp_path, testA=2), "test", pairing="serial")[1]
    assert sorted(item) == ["a", "a_path"]


def test_two_training_folders_alone_are_told_how_to_do_without_test_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected \S+testA, but [^`]*`--set data\.test\.split=train`"):
        UnpairedFolders(fill(tmp_path, trainA=1, trainB=1), "test")


def test_training_needs_the_second_domain(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected \S+trainB, but \S+ contains trainA/\."):
        UnpairedFolders(fill(tmp_path, trainA=2))


def test_an_index_past_the_end_ends_a_loop(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=2, trainB=2))
    assert len(list(dataset)) == 2  # type: ignore[call-overload]
    with pytest.raises(IndexError, match="item -1 of 2"):
        dataset[-1]


def test_a_missing_root_names_folders_neighbor_and_next_step(tmp_path: Path) -> None:
    fill(tmp_path / "horse2zebra", trainA=1, trainB=1)
    with pytest.raises(DataError) as caught:
        UnpairedFolders(tmp_path / "horses2zebras")
    message = str(caught.value)
    assert str(tmp_path / "horses2zebras" / "trainA") in message
    assert str(tmp_path / "horses2zebras" / "trainB") in message
    assert "does not exist. Nearest: 'horse2zebra'." in message
    assert "--data DIR" in message
    assert "i2ikit data make stripes DIR" in message


def test_misnamed_folders_are_shown_with_the_nearest_names(tmp_path: Path) -> None:
    fill(tmp_path, train_A=1, train_B=1)
    with pytest.raises(DataError, match=r"contains train_A/, train_B/\. Nearest: 'train_A', 'train_B'\."):
        UnpairedFolders(tmp_path)


def test_two_folders_of_other_names_are_answered_with_the_options_that_name_them(tmp_path: Path) -> None:
    fill(tmp_path, day=1, night=1)
    with pytest.raises(DataError, match=rf"`--data-a {tmp_path}/day --data-b {tmp_path}/night`\.$"):
        UnpairedFolders(tmp_path)
    assert UnpairedFolders(tmp_path, a="night", b="day")[0]["a_path"] == str(tmp_path / "night" / "0.png")


def test_images_one_level_down_or_up_are_pointed_to(tmp_path: Path) -> None:
    fill(tmp_path / "set", trainA=1, trainB=1)
    for wrong in (tmp_path, tmp_path / "set" / "trainA"):
        with pytest.raises(DataError, match=f"They are in {tmp_path / 'set'}"):
            UnpairedFolders(wrong)


def test_a_root_that_is_a_file_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"data\.zip is a file"):
        UnpairedFolders(path)


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_folder_is_named_with_its_content_and_the_known_extensions(tmp_path: Path, split: str) -> None:
    fill(tmp_path, **{f"{split}A": 1, f"{split}B": 0})
    (tmp_path / f"{split}B" / "readme.txt").write_text("soon")
    with pytest.raises(DataError, match=rf"no images in \S+{split}B: it contains readme\.txt\. .*\.png \.jpg"):
        UnpairedFolders(tmp_path, split)


def test_a_file_that_is_no_image_is_named_when_its_turn_comes(tmp_path: Path) -> None:
    fill(tmp_path, trainA=1, trainB=1)
    (tmp_path / "trainA" / "1.png").write_text("text")
    dataset = UnpairedFolders(tmp_path)
    with pytest.raises(DataError, match=r"trainA.1\.png is not an image"):
        dataset[1]


def test_the_direction_says_which_folder_is_translated(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=2, trainB=5), direction="BtoA")
    assert dataset[4]["a_path"] == str(tmp_path / "trainB" / "4.png")
    assert Path(dataset[4]["b_path"]).parent == tmp_path / "trainA"


def test_a_test_split_may_lack_the_folder_that_is_translated_to(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, testB=2), "test", direction="BtoA")
    assert set(dataset[0]) == {"a", "a_path"}


@pytest.mark.parametrize("left", [[], [".DS_Store"]])
def test_an_empty_test_folder_that_is_translated_to_counts_as_missing(tmp_path: Path, left: list[str]) -> None:
    fill(tmp_path, testA=2, testB=0)
    for name in left:
        (tmp_path / "testB" / name).touch()
    assert set(UnpairedFolders(tmp_path, "test")[0]) == {"a", "a_path"}


def test_another_direction_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="direction must be one of AtoB, BtoA, not 'BtoB'"):
        UnpairedFolders(fill(tmp_path, trainA=1, trainB=1), direction="BtoB")


def test_an_epoch_can_be_as_short_as_the_smaller_domain_or_any_length(tmp_path: Path) -> None:
    fill(tmp_path, trainA=5, trainB=3)
    assert len(UnpairedFolders(tmp_path, length="shortest")) == 3
    assert len(UnpairedFolders(tmp_path, length=7)) == 7


def test_a_short_epoch_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=5, trainB=3), length="shortest", pairing="serial")
    seen = []
    for epoch in (1, 2, 3):
        dataset.set_epoch(epoch)
        seen.append([(level(dataset[i]["a"]), level(dataset[i]["b"])) for i in range(3)])
    assert seen == [[(0, 0), (1, 1), (2, 2)], [(3, 0), (4, 1), (0, 2)], [(1, 0), (2, 1), (3, 2)]]


def test_shuffled_shows_every_image_of_b_equally_often_in_an_order_of_the_epoch(tmp_path: Path) -> None:
    dataset = UnpairedFolders(fill(tmp_path, trainA=8, trainB=4), pairing="shuffled")
    orders = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        dataset.set_epoch(1)
        orders.append([level(dataset[i]["b"]) for i in range(8)])
    assert sorted(orders[0]) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert orders[0] == orders[1] != orders[2]


def test_the_choice_of_images_is_described(tmp_path: Path) -> None:
    fill(tmp_path, trainA=5, trainB=3, testA=2)
    assert UnpairedFolders(tmp_path).describe() == (
        "5 images of a and 3 images of b; an epoch takes 5 (the longest domain), b is sampled with replacement"
    )
    assert (
        UnpairedFolders(tmp_path, length=4, pairing="shuffled")
        .describe()
        .endswith("an epoch takes 4, b is sampled without replacement")
    )
    assert UnpairedFolders(tmp_path, "test").describe() == "2 images of a; an epoch takes 2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pairing": "randm"}, r"pairing must be one of random, shuffled, serial, not 'randm'\. Nearest: 'random'"),
        ({"length": "long"}, "length must be one of longest, shortest, not 'long'"),
        ({"length": 0}, "length must be an integer above 0, not 0"),
    ],
)
def test_other_pairings_and_lengths_are_refused(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UnpairedFolders(fill(tmp_path, trainA=1, trainB=1), **arguments)  # type: ignore[arg-type]
