"""Presets have the published values, those of the papers and their code."""

from functools import cache
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from i2ikit.build import Builder
from i2ikit.config.find import find_config, packaged_configs
from i2ikit.config.resolve import load_config
from i2ikit.config.trial import build_trial_model
from i2ikit.engine.optim import build_optimizers
from i2ikit.interfaces.progress import Progress, Schedule, schedule_length
from i2ikit.ops.pixels import image_to_tensor
from i2ikit.registry import SCHEDULES, TRANSFORMS
from i2ikit.translation import UnpairedTranslation

pytestmark = pytest.mark.slow

DATASETS = (
    "horse2zebra", "apple2orange", "summer2winter", "monet2photo", "cat2dog", "cityscapes", "facades", "maps",
    "grumpifycat",
)  # fmt: skip
METHODS = ("cyclegan", "cut", "fastcut", "enco", "enco_contrastive", "dclgan", "simdcl")
SINGLE = "single_image_monet_etretat"
QUICK = ("horse2zebra", "stripes", SINGLE)

# epochs at the full rate, epochs of decay, last epoch of the crop jitter
LENGTHS = {
    "cyclegan": (100, 100, None),
    "cut": (200, 200, 200),
    "cut_memory_bank": (200, 200, 200),
    "fastcut": (150, 50, 150),
    "enco": (100, 100, 100),
    "enco_contrastive": (100, 100, 100),
    "dclgan": (200, 200, 200),
    "simdcl": (200, 200, 200),
}

# weights as the objectives are written in the papers' code, with its halves multiplied out
WEIGHTS = {
    "cyclegan": {
        "gan_ab": 1, "gan_ba": 1, "cycle_a": 10, "cycle_b": 10, "identity_a": 5, "identity_b": 5, "d_a": 1, "d_b": 1,
    },
    "cut": {"gan": 1, "content": 0.5, "identity": 0.5, "d": 1},
    "cut_memory_bank": {"gan": 1, "content": 0.5, "identity": 0.5, "d": 1},
    "fastcut": {"gan": 1, "content": 10, "d": 1},
    "sincut": {"gan": 1, "content": 2, "identity": 2, "color": 1, "d": 1, "r1": 1},
    "enco": {"gan": 1, "content": 1, "identity": 5, "d": 1},
    "enco_contrastive": {"gan": 1, "content": 1, "identity": 5, "d": 1},
    "sinenco": {"gan": 1, "content": 1, "identity": 5, "d": 1, "r1": 1},
    "dclgan": {
        "gan_ab": 0.5, "gan_ba": 0.5, "content_ab": 1, "content_ba": 1, "identity_a": 0.5, "identity_b": 0.5,
        "d_a": 1, "d_b": 1,
    },
    "simdcl": {
        "gan_ab": 0.5, "gan_ba": 0.5, "content_ab": 0.5, "content_ba": 0.5, "identity_a": 0.5, "identity_b": 0.5,
        "similarity_a": 10, "similarity_b": 10, "d_a": 1, "d_b": 1,
    },
}  # fmt: skip

RESNET, PATCHGAN, CUT_HEAD = 11_378_179, 2_764_737, 560_384


def preset(method: str) -> str:
    return f"{method}/{SINGLE if method in ('sincut', 'sinenco') else 'horse2zebra'}"


def config_of(name: str) -> dict[str, Any]:
    return load_config(find_config(name))


@cache  # no test changes it
def model_of(name: str) -> UnpairedTranslation:
    model, errors = build_trial_model(config_of(name))
    assert model is not None, errors
    return model


def schedule_of(name: str) -> Schedule:
    schedule = Builder().part(SCHEDULES, config_of(name)["schedule"], "schedule")
    assert schedule is not None
    return schedule


def at(epoch: int, epochs: int = 200) -> Progress:
    return Progress(epoch=epoch, step=epoch, epochs=epochs, steps=epochs)


def weights(model: UnpairedTranslation, epoch: int = 1) -> dict[str, float]:
    return {
        name: weight for phase in model.phases.values() for name, (_, weight) in phase.active(at(epoch)).items()
    }  # fmt: skip


def test_every_method_has_a_preset_for_every_data_set() -> None:
    expected = {f"{method}/{data}" for method in METHODS for data in DATASETS}
    expected |= {f"sincut/{SINGLE}", f"sinenco/{SINGLE}", "cut_memory_bank/horse2zebra"}
    expected |= {f"{method}/stripes" for method in ("cyclegan", "cut", "fastcut", "enco", "enco_contrastive", "dclgan")}
    assert expected <= set(packaged_configs())


@pytest.mark.parametrize("method", WEIGHTS)
def test_weights_are_the_published_ones(method: str) -> None:
    assert weights(model_of(preset(method))) == WEIGHTS[method]


@pytest.mark.parametrize("method", LENGTHS)
def test_epochs_are_the_published_ones_and_the_crop_jitter_ends_with_the_full_rate(method: str) -> None:
    config = config_of(preset(method))
    constant, decay, jitter = LENGTHS[method]
    assert (config["schedule"]["constant"], config["schedule"]["decay"]) == (constant, decay)
    assert config["train"]["epochs"] == constant + decay
    assert config["data"]["train"]["transform"].get("finetune_after") == jitter
    assert schedule_length(schedule_of(preset(method))) == config_of(preset(method))["train"]["epochs"]  # not stretched


@pytest.mark.parametrize("data", [pytest.param(d, marks=() if d in QUICK else pytest.mark.slow) for d in DATASETS])
def test_presets_of_one_data_set_differ_in_nothing_but_the_crop_jitter(data: str) -> None:
    sections = []
    for method in METHODS:
        section = config_of(f"{method}/{data}")["data"]
        section["train"]["transform"].pop("finetune_after", None)
        sections.append(section)
    assert all(section == sections[0] for section in sections)
    assert (sections[0]["load_size"], sections[0]["crop_size"], sections[0]["batch_size"]) == (286, 256, 1)


@pytest.mark.parametrize("data", ["cityscapes", "facades"])
def test_labels_are_translated_to_photos(data: str) -> None:
    section = config_of(f"cut/{data}")["data"]
    assert section["train"]["direction"] == section["test"]["direction"] == "BtoA"


def test_cut_trains_on_uncropped_images_from_the_first_epoch_of_the_decay_on() -> None:
    config = {
        **config_of("cut/horse2zebra")["data"]["train"]["transform"],
        "load_size": 286,
        "crop_size": 256,
        "flip": 0,
    }
    transform = Builder().part(TRANSFORMS, config, "transform")
    assert transform is not None
    torch.manual_seed(0)
    image = Image.linear_gradient("L").convert("RGB")  # 256 x 256: an uncropped image is not resampled
    transform.set_epoch(200)
    assert not torch.equal(transform(image), image_to_tensor(image))
    transform.set_epoch(201)
    assert torch.equal(transform(image), image_to_tensor(image))


@pytest.mark.parametrize(("method", "last"), [("enco", 100), ("enco_contrastive", 100), ("sinenco", 8)])
def test_the_identity_term_stops_with_the_full_rate_and_the_content_weight_doubles(method: str, last: int) -> None:
    model = model_of(preset(method))
    assert weights(model, last) == WEIGHTS[method]
    after = {name: weight for name, weight in WEIGHTS[method].items() if name != "identity"}
    assert weights(model, last + 1) == {**after, "content": 2}
    assert config_of(preset(method))["schedule"]["constant"] == last


@pytest.mark.parametrize(
    ("epoch", "factor"), [(1, 0.05), (19, 0.95), (20, 1), (100, 1), (101, 0.990099), (200, 0.009901)]
)
def test_the_rate_of_enco_warms_up_over_20_epochs_and_is_the_same_after_a_resume(epoch: int, factor: float) -> None:
    # a new schedule, as after a resume: the published one starts its count again and reaches 5 times the rate
    assert schedule_of("enco/horse2zebra")(at(epoch)) == pytest.approx(factor, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "epoch", "factor"), [("cyclegan", 99, 1), ("cyclegan", 200, 0), ("cut", 200, 1), ("cut", 400, 1 / 201)]
)
def test_the_two_rules_of_decay_differ_by_an_epoch(method: str, epoch: int, factor: float) -> None:
    assert schedule_of(preset(method))(at(epoch, 400)) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("cyclegan", {"generators.ab": RESNET, "generators.ba": RESNET, "discriminators.a": PATCHGAN,
                      "discriminators.b": PATCHGAN}),
        ("cut", {"generators.ab": RESNET, "discriminators.b": PATCHGAN, "heads.f": CUT_HEAD}),
        ("cut_memory_bank", {"generators.ab": RESNET, "discriminators.b": PATCHGAN, "heads.f": CUT_HEAD,
                             "generators.ab_slow": RESNET, "heads.f_slow": CUT_HEAD}),
        ("enco", {"generators.ab": RESNET, "discriminators.b": PATCHGAN, "heads.f": 510_976}),
        ("sincut", {"generators.ab": 3_068_404, "discriminators.b": 5_885_473, "heads.f": 280_832}),
    ],
)  # fmt: skip
def test_networks_are_as_large_as_published(method: str, parameters: dict[str, int]) -> None:
    def size(network: nn.Module) -> int:
        return sum(parameter.numel() for parameter in network.parameters())

    assert {name: size(network) for name, network in model_of(preset(method)).networks.items()} == parameters


@pytest.mark.parametrize(
    ("method", "rates"),
    [
        ("cut", {"discriminators.b": (2e-4, 0.5), "generators.ab": (2e-4, 0.5), "heads.f": (2e-4, 0.5)}),
        ("enco", {"discriminators.b": (2e-4, 0.5), "generators.ab": (5e-5, 0.5), "heads.f": (5e-5, 0.5)}),
        ("dclgan", {"generators.ab": (2e-4, 0.5), "heads.ab": (1e-3, 0.9), "heads.ba": (1e-3, 0.9)}),
        ("simdcl", {"generators.ab": (2e-4, 0.5), "heads.ab": (2e-4, 0.5), "heads.real_a": (2e-4, 0.5)}),
        ("sincut", {"discriminators.b": (2e-3, 0.0), "generators.ab": (2e-3, 0.0), "heads.f": (2e-3, 0.0)}),
        ("sinenco", {"discriminators.b": (2e-3, 0.0), "generators.ab": (5e-4, 0.0), "heads.f": (5e-4, 0.0)}),
    ],
)
def test_learning_rates_and_first_betas_are_the_published_ones(
    method: str, rates: dict[str, tuple[float, float]]
) -> None:
    model = model_of(preset(method))
    optimizers = build_optimizers(model.phases, model.networks, config_of(preset(method))["optimizer"])
    groups = {group["name"]: group for optimizer in optimizers.values() for group in optimizer.param_groups}
    assert {name: (groups[name]["lr"], groups[name]["betas"][0]) for name in rates} == rates


def test_single_image_presets_train_16_crops_of_64_at_a_time_for_16_epochs() -> None:
    config = config_of(preset("sincut"))
    assert config["train"]["epochs"] == 16
    assert (config["data"]["batch_size"], config["data"]["crop_size"]) == (16, 64)
    assert config["data"]["train"]["type"] == "SingleImagePair"
