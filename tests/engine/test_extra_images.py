"""Runs that read images beyond a and b: from the check of the config to a resumed run."""

from types import MappingProxyType

import pytest

from i2ikit.config.batch import batch_shapes
from i2ikit.config.data import image_names, read_from
from i2ikit.config.sections import with_defaults
from i2ikit.config.trial import build_trial_model
from i2ikit.config.validate import find_errors
from i2ikit.datasets import Stripes
from i2ikit.engine.train import train
from i2ikit.profiling.step import step_cost
from i2ikit.registry import DATASETS

pytestmark = pytest.mark.slow  # complete trainings

EXTRA = ["a_mask", "b_mask", "a_label", "a2"]


@pytest.fixture
def masked(cut):
    """CUT on the masked animals of the embedded data, with a background that stays and a frozen segmentation."""
    model, data = cut["model"], cut["data"]
    data["train"] = {"type": "Stripes", "count": 4, "load_size": 16, "extra": EXTRA}
    data["test"] = {"type": "Stripes", "split": "test", "count": 2, "load_size": 16, "extra": ["a_mask"]}
    model["views"] |= {"times": {"type": "Times"}, "outside": {"type": "Outside"}}
    model["extractors"] = {"seg": {"type": "VGG16Features", "weights": "random", "last": "relu1_1", "filters": 2}}
    judge = model["phases"]["discriminate"]["terms"]["d"]
    judge |= {"real": "times(b, b_mask)", "fake": "times(ab(a2), a_mask)"}
    terms = model["phases"]["generate"]["terms"]
    terms["gan"]["image"] = "times(ab(a), a_mask)"
    loss = {"type": "L1Loss"}
    terms["background"] = {
        "type": "PixelTerm",
        "image": "ab(a)",
        "target": "a",
        "loss": loss,
        "mask": "outside(a_mask)",
    }
    classes = {"type": "ClassMapTerm", "network": "extractors.seg", "image": "ab(a)", "label": "a_label"}
    terms["classes"] = {**classes, "tap": "relu1_1"}
    cut["train"]["steps"] = 4
    return cut


def test_a_run_with_masks_labels_and_second_images_resumes_bit_for_bit(masked, tmp_path, state_of, assert_same):
    train(masked, work_dir=tmp_path / "whole")
    train(masked, work_dir=tmp_path / "parts", pause_at=2)
    train(masked, work_dir=tmp_path / "parts", resume=True)
    assert_same(state_of(tmp_path / "parts", 4), state_of(tmp_path / "whole", 4))


def messages(config):
    return [f"{error.path}: {error.message}" for error in find_errors(with_defaults(config))]


def test_the_check_names_images_that_the_data_does_not_announce(masked):
    assert messages(masked) == []
    masked["data"]["train"]["extra"] = ["a_mask", "b_mask", "a2"]
    (message,) = messages(masked)
    assert "terms.classes: there is no image 'a_label' in 'a_label'." in message
    assert message.endswith(
        "There are: a, a_mask, b, b_mask, a2. Masks, labels and second images have to be listed in data.train.extra, "
        "or announced by your own data set."
    )


def test_the_check_finds_an_image_where_a_label_belongs(masked):
    masked["model"]["phases"]["generate"]["terms"]["classes"]["label"] = "a_mask"
    (message,) = messages(masked)
    assert "terms.classes: ClassMapTerm needs codes (B, 1, H, W), got torch.float32 (1, 1, 16, 16)" in message


def test_a_data_set_may_announce_its_images_with_their_channels(masked):
    class Deep(Stripes):
        image_names = MappingProxyType({"a": 3, "b": 3, "deep": 5})

    DATASETS.register_module(force=True)(Deep)
    try:
        masked["data"]["train"] = {"type": "Deep", "load_size": 16}
        assert image_names(masked["data"]) == ("a", "b", "deep")
        masked["data"]["batch_size"] = 2
        networks = masked["model"] | {"phases": {"generate": {"update": ["generators"], "terms": {"x": {
            "type": "PixelTerm", "image": "ab(a)", "target": "deep", "loss": {"type": "L1Loss"}}}}}}  # fmt: skip
        model, _ = build_trial_model(masked | {"model": networks})
        assert batch_shapes(masked, model)["deep"] == (2, 5, 16, 16)
    finally:
        DATASETS.module_dict.pop("Deep")


def test_other_folders_are_read_with_the_same_extra_images(masked):
    moved = read_from(masked, "somewhere")["data"]
    assert (moved["train"]["type"], moved["train"]["extra"]) == ("UnpairedFolders", EXTRA)


def test_the_cost_of_a_step_with_labels_is_estimated(masked):
    config = with_defaults(masked)
    model, _ = build_trial_model(config)
    assert step_cost(config, batch_shapes(config, model)).macs > 0
