import pytest
import torch
from PIL import Image

from i2ikit.errors import ConfigError, DataError
from i2ikit.images import Reader
from i2ikit.inference.evaluation import DEFAULT_METRICS, NamedPairs, choose_metrics, evaluate_folders


def make_image(path, level, size=(16, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, level, level)).save(path)


def test_images_of_the_same_name_are_pairs(tmp_path):
    for name in ("a/1.png", "a/deep/2.jpg", "a/3.png", "b/1.jpg", "b/deep/2.png", "b/9.png"):
        make_image(tmp_path / name, 128)
    pairs = NamedPairs(tmp_path / "a", tmp_path / "b", Reader())
    assert [sorted(key for key in pairs[index] if len(key) == 1) for index in range(len(pairs))] == [
        ["a", "b"], ["a"], ["a", "b"], ["b"],
    ]  # fmt: skip


def test_two_images_of_one_folder_that_differ_in_their_extensions_alone_are_both_measured(tmp_path):
    for name in ("a/1.png", "a/1.jpg", "b/1.png"):
        make_image(tmp_path / name, 128)
    pairs = NamedPairs(tmp_path / "a", tmp_path / "b", Reader())
    assert sum("a" in pairs[index] for index in range(len(pairs))) == 2


def test_a_folder_of_images_is_measured_against_another(tmp_path):
    for index in range(3):
        make_image(tmp_path / "made" / f"{index}.png", 100 + index)
        make_image(tmp_path / "real" / f"{index}.png", 151 + index)  # 51 of 255 is a fifth: 13.98 dB
    make_image(tmp_path / "real" / "more.png", 200)
    found = evaluate_folders(tmp_path / "made", tmp_path / "real", metrics=["PSNR", "wasserstein", "content"])
    assert found.metrics["psnr.db"] == pytest.approx(13.979, abs=1e-2)
    assert found.metrics["wasserstein.distance"] > 0
    assert "ratio" not in str(found.metrics)
    assert "needs the inputs" in found.missing["content"]
    assert (found.protocol["images"], found.protocol["real"], found.protocol["pairs"]) == (3, 4, 3)
    assert found.protocol["size"] == "16x12"


def test_gray_images_are_measured_in_one_channel(tmp_path):
    for folder in ("made", "real"):
        for index in range(2):
            make_image(tmp_path / folder / f"{index}.png", 60 * index)
    found = evaluate_folders(tmp_path / "made", tmp_path / "real", metrics=["psnr"], channels=1)
    assert found.protocol["channels"] == [1]
    assert found.metrics["psnr.db"] == 100


def test_metrics_are_named_in_any_case_the_configs_first():
    own = {"fid": {"type": "FID", "resizing": "legacy"}}
    assert choose_metrics(own, ["fid", "Psnr"]) == {"fid": own["fid"], "psnr": {"type": "PSNR"}}
    assert choose_metrics(own, ["wasserstein"]) == {"wasserstein": {"type": "SlicedWasserstein"}}
    assert choose_metrics(own, []) == own
    assert list(choose_metrics({}, [])) == list(DEFAULT_METRICS)


def test_an_unknown_metric_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no metric is called 'ssmi'\. Nearest: 'ssim'"):
        choose_metrics({}, ["ssmi"])


def test_a_folder_that_is_missing_or_empty_is_named(tmp_path):
    make_image(tmp_path / "a" / "1.png", 1)
    with pytest.raises(DataError, match=r"there is no folder .*gone"):
        evaluate_folders(tmp_path / "a", tmp_path / "gone", metrics=["psnr"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"there are no images in .*empty; looked for"):
        evaluate_folders(tmp_path / "a", tmp_path / "empty", metrics=["psnr"])


def test_tensors_of_pairs_are_in_minus_one_to_one(tmp_path):
    make_image(tmp_path / "a" / "1.png", 255)
    make_image(tmp_path / "b" / "1.png", 0)
    item = NamedPairs(tmp_path / "a", tmp_path / "b", Reader())[0]
    assert torch.equal(item["a"], torch.ones(3, 12, 16))
    assert torch.equal(item["b"], -torch.ones(3, 12, 16))
