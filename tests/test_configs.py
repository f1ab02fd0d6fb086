"""The configs that are shipped: all build, methods are short, and the core four make the calls that they need."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.config.files import read_config_file
from i2ikit.config.find import find_config, packaged_configs
from i2ikit.config.resolve import load_config, resolve_config
from i2ikit.config.trial import build_trial_model
from i2ikit.engine.optim import build_optimizers
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation, build_model

CONFIGS = Path(__file__).parent.parent / "configs"
METHODS = sorted(CONFIGS.glob("_base_/methods/*.py"))


def often(name):
    """Return a config as a parameter; those of most data sets are slow tests."""
    return name if name.endswith(("/stripes", "/horse2zebra")) else pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [often(name) for name in packaged_configs()])
def test_a_packaged_config_builds_and_has_no_error(name):
    extractors = load_config(find_config(name))["model"].get("extractors", {})
    without_files = [f"model.extractors.{extractor}.weights=random" for extractor in extractors]
    config = resolve_config(find_config(name), without_files)
    model, _ = build_trial_model(config)
    assert build_optimizers(model.phases, model.networks, config["optimizer"]).keys() == model.phases.keys()


@pytest.mark.parametrize("path", METHODS, ids=lambda path: path.stem)
def test_a_method_is_written_on_at_most_55_lines_with_its_source_and_its_equation(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 55
    assert "arXiv:" in lines[0]
    assert lines[2].startswith("    ")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("[!_]*/*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_preset_of_photos_is_its_data_and_what_is_published_for_any_data(path):
    if path.stem != "stripes":
        assert path.read_text() == (
            f'_base_ = ["../_base_/data/{path.stem}.py", "../_base_/published/{path.parent.name}.py"]\n'
        )


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("[!_]*/*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_published_preset_uses_a_recipe(path):
    recipes = [file.stem for file in read_config_file(path).chain() if file.parent.name == "recipes"]
    assert recipes == (["masked"] if path.parent.name.endswith("_masked") else [])  # these are none of a paper


def test_embedded_configs_measure_during_the_run_and_keep_the_best_checkpoint():
    for name in (each for each in packaged_configs() if each.endswith("/stripes")):
        evaluation = load_config(packaged_configs()[name])["evaluation"]
        assert (evaluation["every"], evaluation["metric"]) == (1000, "wasserstein.ratio"), name


# Calls of generators in one step: (images, whether the pass goes to the end).

Calls = dict[str, list[tuple[int, bool]]]


@pytest.fixture
def calls() -> Callable[..., Calls]:
    """Run one step of a small copy of a config and return the calls of its generators."""

    def run(name: str, epoch: int = 1, streams: RandomStreams | None = None) -> Calls:
        model = small(name)
        seen: Calls = {key: [] for key in model.generators}
        for key, generator in model.generators.items():
            generator.trace = watched(generator.trace, seen[key])
        torch.manual_seed(0)
        batch = {domain: torch.rand(1, 3, 32, 32) * 2 - 1 for domain in "ab"}
        model.train_step(
            [batch], lambda phase, loss: loss.backward(), Progress(epoch, 1, 200, 1), [streams or RandomStreams(0, 1)]
        )
        return seen

    return run


def small(name: str) -> UnpairedTranslation:
    config: dict[str, Any] = load_config(CONFIGS / f"{name}.py")["model"]
    for network in (*config["generators"].values(), *config["discriminators"].values()):
        network.update(filters=2)
    for network in config["discriminators"].values():
        network.update(layers=2)
    builder = Builder()
    model = build_model(config, builder)
    assert model is not None, builder.errors
    return model


def watched(trace: Callable[..., dict[str, Tensor]], seen: list[tuple[int, bool]]) -> Callable[..., dict[str, Tensor]]:
    def call(x: Tensor, taps: tuple[str, ...]) -> dict[str, Tensor]:
        seen.append((len(x), "out" in taps))
        return trace(x, taps)

    return call


def mirrored(step: int) -> bool:
    return torch.rand((), generator=RandomStreams(0, step).generator("view/mirror")).item() < 0.5


def test_cut_translates_both_domains_in_one_call_and_encodes_both_outputs_in_another(calls):
    assert calls("cut/horse2zebra") == {"ab": [(2, True), (2, False)]}


def test_enco_needs_a_single_call(calls):
    assert calls("enco/horse2zebra") == {"ab": [(2, True)]}


def test_enco_leaves_the_identity_out_after_its_last_epoch(calls):
    assert calls("enco/horse2zebra", epoch=100) == {"ab": [(2, True)]}
    assert calls("enco/horse2zebra", epoch=101) == {"ab": [(1, True)]}


def test_cyclegan_needs_four_calls(calls):
    assert calls("cyclegan/horse2zebra") == {"ab": [(2, True), (1, True)], "ba": [(2, True), (1, True)]}


def test_fastcut_encodes_the_source_again_in_a_mirrored_step_only(calls):
    straight = next(step for step in range(1, 50) if not mirrored(step))
    turned = next(step for step in range(1, 50) if mirrored(step))
    assert calls("fastcut/horse2zebra", streams=RandomStreams(0, straight)) == {"ab": [(1, True), (1, False)]}
    assert calls("fastcut/horse2zebra", streams=RandomStreams(0, turned)) == {"ab": [(1, True), (1, False), (1, False)]}
