import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.datasets import UnpairedFolders
from i2ikit.datasets.stripes.stripes import Stripes, write_stripes
from i2ikit.errors import DataError, RunError
from i2ikit.registry import DATASETS
from i2ikit.transforms import ResizeCropFlip


def tensors(item):
    return {name: value for name, value in item.items() if isinstance(value, torch.Tensor)}


def test_it_is_found_by_its_name():
    assert DATASETS.get("Stripes") is Stripes


def test_there_are_500_scenes_to_train_on_and_96_to_test():
    assert (len(Stripes("train")), len(Stripes("test")), len(Stripes("train", 7))) == (500, 96, 7)


def test_items_are_images_in_the_range_of_the_networks():
    item = Stripes("test", load_size=24)[3]
    assert {name: tuple(value.shape) for name, value in tensors(item).items()} == {
        "a": (3, 24, 24),
        "b": (3, 24, 24),
        "mask": (1, 24, 24),
    }
    assert all(value.dtype == torch.float32 and value.abs().max() <= 1 for value in tensors(item).values())
    assert (item["a_path"], item["b_path"]) == ("stripes/testA/0003.png", "stripes/testB/0003.png")


def test_a_scene_depends_on_nothing_but_seed_split_and_index():
    forwards, backwards = Stripes("test", load_size=16), Stripes("test", 200, load_size=16)
    torch.manual_seed(5)
    for index in (2, 0):
        assert all(torch.equal(value, backwards[index][name]) for name, value in tensors(forwards[index]).items())


def test_seeds_splits_and_domains_have_different_scenes():
    first = [Stripes("train", load_size=16)[0]["a"], Stripes("train", load_size=16, seed=1)[0]["a"]]
    first += [Stripes("test", load_size=16)[0]["a"], Stripes("train", 1, load_size=16)[0]["b"]]
    assert all(not torch.equal(x, y) for number, x in enumerate(first) for y in first[:number])


def test_the_partner_in_training_is_drawn_from_the_global_generator():
    dataset = Stripes("train", 50, load_size=8)
    torch.manual_seed(0)
    drawn = [dataset[3]["b_path"] for _ in range(10)]
    torch.manual_seed(0)
    assert [dataset[3]["b_path"] for _ in range(10)] == drawn
    assert len(set(drawn)) > 5


def test_pairs_of_the_test_split_are_equal_outside_the_mask_and_differ_inside():
    dataset = Stripes("test", 8, load_size=64)
    for index in range(8):
        item = dataset[index]
        difference = (item["a"] - item["b"]).abs().amax(dim=0)
        inside = item["mask"][0] > 0
        near = torch.nn.functional.max_pool2d(item["mask"], 3, stride=1, padding=1)[0] > 0
        assert difference[~near].max() == 0  # a pixel at the edge may be half an animal
        assert (difference[inside] > 0.1).float().mean() > 0.6


def test_striped_animals_are_gray_and_crisp():
    dataset = Stripes("test", 8, load_size=64)
    for index in range(8):
        item = dataset[index]
        animal = item["b"][:, item["mask"][0] > 0]  # (3, N)
        assert (animal.amax(dim=0) - animal.amin(dim=0)).mean() < 0.12
        assert animal.mean(dim=0).std() > 0.4


def test_animals_are_large_enough_to_learn_from():
    shares = [Stripes("test", 12, load_size=32)[index]["mask"].mean().item() for index in range(12)]
    assert all(0.06 < share < 0.3 for share in shares)


def test_a_scene_looks_the_same_at_every_size():
    small, large = Stripes("test", load_size=32)[1]["b"], Stripes("test", load_size=96)[1]["b"]
    shrunk = torch.nn.functional.avg_pool2d(large[None], 3)[0]
    assert (small - shrunk).abs().mean() < 0.05


def test_the_mask_follows_the_size_that_the_transform_gives():
    def half(image):
        return torch.from_numpy(np.asarray(image.resize((16, 16)), dtype=np.float32)).permute(2, 0, 1) / 127.5 - 1

    item = Stripes("test", load_size=32, transform=half)[0]
    assert item["mask"].shape == (1, 16, 16)
    assert set(item["mask"].unique().tolist()) == {0.0, 1.0}


def test_a_new_epoch_reaches_the_transform():
    class Listening:
        epoch = 0

        def __call__(self, image):
            return torch.zeros(3, 1, 1)

        def set_epoch(self, epoch):
            self.epoch = epoch

    listening = Listening()
    Stripes(transform=listening).set_epoch(4)
    assert listening.epoch == 4
    Stripes().set_epoch(4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "trian"}, "split must be one of train, test, not 'trian'. Nearest: 'train'"),
        ({"count": 0}, "count must be an integer above 0, not 0"),
        ({"load_size": 0}, "load_size must be an integer above 0, not 0"),
        ({"seed": -1}, "seed must be an integer of at least 0, not -1"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Stripes(**arguments)


def test_an_index_past_the_end_ends_a_loop():
    assert len(list(Stripes("test", 2, load_size=8))) == 2
    with pytest.raises(IndexError, match="scene 2 of 2"):
        Stripes("test", 2)[2]


def test_the_written_folders_hold_the_images_of_the_data_set(tmp_path):
    folder = write_stripes(tmp_path / "new" / "stripes", size=16, train_count=3, test_count=2, seed=4)
    counts = {entry.name: len(list(entry.iterdir())) for entry in folder.iterdir()}
    assert counts == {"trainA": 3, "trainB": 3, "testA": 2, "testB": 2, "testMask": 2}
    item = Stripes("test", load_size=16, seed=4)[1]
    for name, kind in (("testA", "a"), ("testB", "b")):
        written = np.asarray(Image.open(folder / name / "0001.png"))
        assert np.abs(written / 127.5 - 1 - item[kind].permute(1, 2, 0).numpy()).max() < 1e-6
    assert np.array_equal(np.asarray(Image.open(folder / "testMask" / "0001.png")) / 255, item["mask"][0].numpy())


def test_an_empty_folder_may_be_there_before(tmp_path):
    assert write_stripes(tmp_path, size=8, train_count=1, test_count=1) == tmp_path
    assert (tmp_path / "trainA" / "0000.png").is_file()


def test_a_folder_with_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match=r"is not an empty folder\. Name a new folder"):
        write_stripes(tmp_path, size=8, train_count=1, test_count=1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_half_written_stays_behind(tmp_path, monkeypatch):
    def full_disk(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(RunError, match=r"cannot write the data set to \S+: the disk is full\. Name another folder\."):
        write_stripes(tmp_path / "stripes", size=8, train_count=1, test_count=1)
    assert list(tmp_path.iterdir()) == []


def test_masks_labels_and_second_images_come_on_request_and_move_with_their_images():
    extra = ["a_mask", "b_label", "a2", "a2_mask"]
    torch.manual_seed(0)
    plain = Stripes(count=3, load_size=32, transform=ResizeCropFlip(32, 16))[1]
    torch.manual_seed(0)
    item = Stripes(count=3, load_size=32, transform=ResizeCropFlip(32, 16), extra=extra)[1]
    assert all(torch.equal(item[name], plain[name]) for name in "ab")
    assert [(item[name].dtype, item[name].shape) for name in ("a_mask", "b_label", "a2")] == [
        (torch.float32, (1, 16, 16)),
        (torch.int64, (1, 16, 16)),
        (torch.float32, (3, 16, 16)),
    ]
    whole, same = Stripes(count=3, load_size=32, extra=["a_mask"]), Stripes("test", count=3, load_size=32, extra=extra)
    assert 0.05 < whole[1]["a_mask"].mean() < 0.6
    item = same[1]
    assert torch.equal(item["mask"], item["a_mask"])
    assert torch.equal(item["b_label"].float(), item["mask"])
    assert item["a2_path"] == "stripes/testA/0002.png"
    assert not torch.equal(whole[1]["a_mask"], item["a_mask"])  # another scene
    assert Stripes.image_names({"extra": extra}) == ("a", "a_mask", "b", "b_label", "a2", "a2_mask")


def test_the_written_masks_are_those_of_the_images(tmp_path):
    folders = write_stripes(tmp_path / "x", size=16, train_count=2, test_count=1, masks=True)
    written = UnpairedFolders(folders, pairing="serial", extra=["a_mask", "b_mask"])
    drawn = Stripes(count=2, load_size=16, extra=["a_mask", "b_mask"])
    for index in range(2):
        assert torch.equal(written[index]["a_mask"], drawn[index]["a_mask"])
    assert sorted(path.name for path in folders.iterdir()) == sorted(
        [*(f"{s}{d}{k}" for s in ("train", "test") for d in "AB" for k in ("", "_mask")), "testMask"]
    )
