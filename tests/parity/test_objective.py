"""Published options as configs."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from i2ikit.config import load_config
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options.objective import method_config, method_file
from i2ikit.plugin import get_manager
from i2ikit.translation import Progress, RandomStreams

pytestmark = pytest.mark.slow

METHODS = {
    "cut": "cut",
    "fastcut": "fastcut",
    "sincut": "sincut",
    "cyclegan": "cyclegan",
    "enco": "enco",
    "dclgan": "dclgan",
}
PUBLISHED = {"ngf": 64, "ndf": 64, "netF_nc": 256, "num_patches": 256}
Read = Callable[[str], Any]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cut", {"netG": "resnet_4blocks"}),
        ("cut", {"netG": "resnet_6blocks", "no_antialias": True, "no_antialias_up": True}),
        ("cut", {"nce_layers": "0,1,2,3,4,5,6,7,8", "init_type": "orthogonal"}),
        ("cut", {"netD": "n_layers", "n_layers_D": 2, "gan_mode": "wgangp", "normD": "batch"}),
        ("cut", {"netD": "pixel", "gan_mode": "vanilla", "num_patches": 0, "crop_size": 32}),
        ("cut", {"flip_equivariance": True, "nce_includes_all_negatives_from_minibatch": True}),
        ("cut", {"lambda_NCE": 0.0}),
        ("fastcut", {"nce_idt": True, "lambda_GAN": 0.0}),
        ("enco", {"stop_idt_epochs": 0, "random_ratio": 0.25, "oversample_ratio": 2}),
        ("enco", {"decay_idt": True, "prj_norm": "LN", "stop_gradient": False}),
        ("enco", {"netG": "resnet_6blocks", "nce_layers": "3,7,13,15,21,25", "gan_mode": "hinge"}),
        ("enco", {"decay_idt": True, "stop_idt_epochs": 9}),
        ("cyclegan", {"pool_size": 0, "lambda_identity": 0.0, "gan_mode": "nonsaturating"}),
        ("dclgan", {"gan_mode": "lsgan", "netG": "resnet_6blocks"}),
        ("dclgan", {"pool_size": 1, "lambda_IDT": 0.0}),
        ("sincut", {"load_size": 32, "crop_size": 32, "lambda_R1": 0.0}),
    ],
)
def test_other_options_train_too(parity: ModuleType, case: Read, name: str, changes: dict[str, Any]) -> None:
    options = case(name).options | changes
    config, model = parity.build(options)
    updater = PhaseUpdater(build_optimizers(model.phases, model.networks, config["optimizer"]))
    side = options["crop_size"]
    batch = {domain: torch.rand(2, 3, side, side, dtype=torch.float64) * 2 - 1 for domain in "ab"}
    values = model.train_step([batch], updater, Progress(1, 1, 400, 3), [RandomStreams(0, 1)])
    assert all(value.isfinite() for value in values.values())


@pytest.mark.parametrize(("name", "method"), METHODS.items())
def test_published_options_are_the_config_of_the_method(case: Read, name: str, method: str) -> None:
    """What a config says, its options say, too; options say more, such as what are defaults in configs."""
    options = case(name).options
    published = {"sincut": {"ngf": 10, "ndf": 8, "num_patches": 1, "netF_nc": 256}}.get(name, PUBLISHED)
    published = published | ({"stop_idt_epochs": 100} if name == "enco" else {})
    config = load_config(method_file(options))
    assert method_file(options).stem == method
    made = method_config(options | published)
    _assert_within(config["model"]["phases"], made["model"]["phases"], "phases")
    _assert_within(config["model"].get("heads", {}), made["model"].get("heads", {}), "heads")


def _assert_within(expected: Any, made: Any, path: str) -> None:
    """Check that ``made`` has everything that ``expected`` says, optimizers left to the steps themselves."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            if key not in ("optimizer", "groups", "weight"):
                assert key in made, f"{path}.{key}"
                _assert_within(value, made[key], f"{path}.{key}")
        if "weight" in expected or "weight" in made:
            assert _weight(expected) == _weight(made), f"{path}.weight"
    else:
        assert made == expected, path


def _weight(term: dict[str, Any]) -> Any:
    weight = term.get("weight", 1.0)
    if isinstance(weight, dict):
        return {"then": 0.0, **weight}
    return weight


def test_layers_of_a_smaller_generator_are_found_inside_stages(case: Read) -> None:
    config = method_config(case("cut").options | {"netG": "resnet_4blocks"})
    content = config["model"]["phases"]["generate"]["terms"]["content"]
    assert content["taps"] == ["pad", "down1_conv", "down2_conv", "block1", "up1_blur"]


@pytest.mark.parametrize(("option", "value"), [("netG", "resnet_cat"), ("netD", "mystery"), ("gan_mode", "ralsgan")])
def test_an_option_without_meaning_here_is_named(case: Read, option: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"--{option} {value} has no counterpart"):
        method_config(case("cut").options | {option: value})


def test_the_config_of_a_plugin_is_found_by_model_and_mode(
    case: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "_base_" / "methods"
    folder.mkdir(parents=True)
    core = method_file(case("cut").options)
    (folder / "imaginary_deep.py").write_text(f"_base_ = {str(core)!r}\n")
    folders = [*get_manager().config_folders(), tmp_path]
    monkeypatch.setattr(type(get_manager()), "config_folders", lambda _self: folders)
    options = case("cut").options | {"model": "imaginary", "IMAGINARY_mode": "Deep"}
    assert method_file(options) == folder / "imaginary_deep.py"
    made = method_config(options)["model"]["phases"]["generate"]["terms"]
    assert made["content"]["sampler"]["num"] == 32
