import pytest
import torch
from PIL import Image

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from i2ikit.errors import ConfigError, DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.images import Reader
from i2ikit.inference.evaluation import (
    DEFAULT_METRICS,
    NamedPairs,
    choose_metrics,
    evaluate_checkpoint,
    evaluate_folders,
)
from i2ikit.metrics.base import MeanOverImages
from i2ikit.registry import METRICS


class Undeclared(MeanOverImages):
    """Reads the inputs, and does not declare that it needs them."""

    def per_image(self, sample):
        return {"difference": (sample["output"] - sample["a"]).mean(dim=(1, 2, 3))}


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


def test_a_single_name_is_no_list_of_metrics():
    with pytest.raises(TypeError, match=r"metrics is a list of names: \['psnr'\]"):
        choose_metrics({}, "psnr")


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


def imported(path, **generators):
    """Write a checkpoint without data in its config, as `i2ikit import` does."""
    parts = {name: {"type": "ResNetGenerator", "filters": 2, "blocks": 1, **own} for name, own in generators.items()}
    networks = {name: ResNetGenerator(filters=2, blocks=1, **own) for name, own in generators.items()}
    weights = {
        f"generators.{name}.{key}": value
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    write_checkpoint(path, Checkpoint(config={"model": {"generators": parts}}, model=weights))
    return path


def make_test_set(root, *levels):
    for domain in "AB":
        for index, level in enumerate(levels):
            make_image(root / f"test{domain}" / f"{index}.png", level)
    return root


def test_an_imported_checkpoint_is_measured_in_both_directions_at_the_published_size(tmp_path):
    path = imported(tmp_path / "x.pt", ab={}, ba={})
    with pytest.raises(ConfigError, match=r"names no test images: name a folder with --data DIR"):
        evaluate_checkpoint(path)
    root = make_test_set(tmp_path / "data", 10, 200)
    found = evaluate_checkpoint(path, root, metrics=["psnr", "diversity"])
    assert set(found.metrics) >= {"psnr.db", "ba.psnr.db", "diversity.ratio", "ba.diversity.ratio"}
    assert found.protocol["size"] == "256x256"
    assert (found.protocol["output"], found.protocol["ba"]["output"]) == ("ab", "ba")
    alone = evaluate_checkpoint(path, root, metrics=["psnr"], output="ba")
    assert alone.metrics == {"psnr.db": found.metrics["ba.psnr.db"]}


def test_an_imported_checkpoint_reads_as_many_channels_as_its_generator_takes(tmp_path):
    path = imported(tmp_path / "x.pt", ab={"in_channels": 1, "out_channels": 3})
    found = evaluate_checkpoint(path, make_test_set(tmp_path / "data", 10, 200), metrics=["psnr"])
    assert found.protocol["channels"] == [1, 3]
    assert "psnr.db" in found.metrics


def test_a_metric_that_reads_inputs_without_saying_so_is_missing_with_the_reason(tmp_path):
    root = make_test_set(tmp_path / "data", 10, 200)
    METRICS.register_module(force=True)(Undeclared)
    try:
        found = evaluate_folders(root / "testA", root / "testB", metrics=["Undeclared", "psnr"])
    finally:
        METRICS.module_dict.pop("Undeclared")
    assert found.missing == {"undeclared": "Undeclared needs the inputs of the translations: measure a checkpoint "
                             "instead of a folder"}  # fmt: skip
    assert "psnr.db" in found.metrics


def test_a_metric_of_a_file_of_the_user_is_asked_for(tmp_path):
    path = imported(tmp_path / "run" / "checkpoints" / "best.pt", ab={})
    checkpoint = read_checkpoint(path)
    checkpoint.config.update(imports=["/elsewhere/mine.py"], metrics={"mine": {"type": "MyMetric"}})
    write_checkpoint(path, checkpoint)
    root = make_test_set(tmp_path / "data", 10, 200)
    for metrics in (["mine"], []):
        with pytest.raises(ConfigError, match=r"(?s)no metric is called 'MyMetric'.*'/elsewhere/mine\.py'.* --import"):
            evaluate_checkpoint(path, root, metrics=metrics)
