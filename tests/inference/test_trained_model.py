from pathlib import Path

import pytest
import torch

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.heads.mlp import MLPHead
from i2ikit.inference.export.published import published
from i2ikit.inference.trained_model import TrainedModel

RESNET = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}
AVERAGES = {"ab_slow": {"of": "generators.ab"}, "f_slow": {"of": "heads.f"}, "ba_slow": {"of": "generators.ba"}}


def save(path: Path, generators: object, **model: object) -> Path:
    head = MLPHead([4, 8], dim=5).state_dict()
    weights = {
        f"generators.{name}.{key}": value
        for name in ("ab", "ab_slow")
        for key, value in ResNetGenerator(filters=4, blocks=1).state_dict().items()
    }
    weights |= {f"heads.f_slow.{key}": value for key, value in head.items()}
    present = {*(generators if isinstance(generators, dict) else ()), *model.get("averages", {})}
    weights = {key: value for key, value in weights.items() if key.split(".")[1] in present}
    plugins = {"i2ikit-wavelets": {"package": "i2ikit-wavelets", "version": "1.2"}}
    config = {"model": {"generators": generators, **model}}
    write_checkpoint(path, Checkpoint(config=config, model=weights, plugins=plugins))
    return path


@pytest.mark.parametrize(("weights", "chosen"), [("average", "ba_slow"), ("raw", "ba")])
def test_a_generator_in_an_output_is_its_average_unless_the_raw_weights_are_wanted(
    weights: str, chosen: str, tmp_path: Path
) -> None:
    trained = TrainedModel(save(tmp_path / "a.pt", {"ab": RESNET, "ba": RESNET}, averages=AVERAGES))
    assert trained.generators_of("ba", weights) == {"ba": f"generators.{chosen}"}


def test_outputs_are_the_generators_of_two_domains_and_an_unknown_one_is_named_with_them(tmp_path: Path) -> None:
    trained = TrainedModel(save(tmp_path / "a.pt", {"ab": RESNET, "ba": RESNET, "vgg": RESNET}, averages=AVERAGES))
    assert {name: str(image) for name, image in trained.outputs.items()} == {"ab": "ab(a)", "ba": "ba(b)"}
    assert trained.choose_output() == "ab"
    with pytest.raises(CheckpointError, match=r"no output 'abb'; it has ab, ba\. Nearest: 'ab'"):
        trained.choose_output("abb")


def test_averages_lead_to_the_networks_that_they_follow_and_back(tmp_path: Path) -> None:
    trained = TrainedModel(save(tmp_path / "a.pt", {"ab": RESNET, "ba": RESNET}, averages=AVERAGES))
    assert trained.trained_name("heads.f_slow") == "heads.f"
    assert trained.averaged_name("heads.f") == "heads.f_slow"
    assert trained.trained_name("generators.ba") == trained.trained_name("generators.ba_slow") == "generators.ba"


def test_a_second_name_of_a_generator_leads_to_its_weights_and_its_average(tmp_path: Path) -> None:
    generators = {"ba": {"same_as": "ab"}, "ab": RESNET}
    averages = {"ab_slow": {"of": "generators.ba"}}
    trained = TrainedModel(save(tmp_path / "a.pt", generators, averages=averages, outputs={"ba": "ba(ab(b))"}))
    assert str(trained.outputs["ba"]) == "ab(ab(b))"
    assert trained.generators_of("ba") == {"ab": "generators.ab_slow"}
    assert trained.trained_name("generators.ab_slow") == "generators.ab"
    weights = trained.build("generators.ba")
    trained.load(weights, "generators.ba")
    stored = trained.checkpoint.model
    assert all(torch.equal(value, stored[f"generators.ab.{key}"]) for key, value in weights.state_dict().items())
    content = published(TrainedModel(save(tmp_path / "b.pt", generators)), ["ba", "ab"], "raw").config["model"]
    assert content["outputs"] == {"ba": "ab(b)", "ab": "ab(a)"}
    assert list(content["generators"]) == ["ab"]


def test_a_head_that_is_made_for_no_taps_is_built(tmp_path: Path) -> None:
    heads = {"f": {"type": "MLPHead", "widths": [4, 8], "dim": 5}}
    path = save(tmp_path / "a.pt", {"ab": RESNET}, heads=heads, averages={"f_slow": {"of": "heads.f"}})
    assert isinstance(TrainedModel(path).build("heads.f_slow"), MLPHead)


def test_networks_are_built_from_the_config_and_filled_with_the_weights_of_an_average(tmp_path: Path) -> None:
    heads = {"f": {"type": "MLPHead", "of": "ab", "taps": ["stem", "down1"], "dim": 5}}
    trained = TrainedModel(save(tmp_path / "a.pt", {"ab": RESNET}, heads=heads, averages=AVERAGES))
    assert trained.network_names() == ["generators.ab", "heads.f"]
    assert isinstance(trained.build("heads.f_slow"), MLPHead)
    network = trained.build("generators.ab_slow")
    trained.load(network, "generators.ab_slow")
    weights = trained.checkpoint.weights("generators.ab_slow")
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


def test_of_a_work_directory_the_best_checkpoint_is_read_or_else_the_newest(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint in \S+; is \S+ the work directory of a run"):
        TrainedModel(tmp_path)
    for name in ("step_000002", "step_000010"):
        save(tmp_path / "checkpoints" / f"{name}.pt", {"ab": RESNET})
    assert TrainedModel(tmp_path).path.name == "step_000010.pt"
    save(tmp_path / "checkpoints" / "best.pt", {"ab": RESNET})
    assert TrainedModel(str(tmp_path)).path.name == "best.pt"


def test_a_part_that_is_not_installed_is_named_with_the_plugins_of_the_run(tmp_path: Path) -> None:
    trained = TrainedModel(save(tmp_path / "a.pt", {"ab": {"type": "WaveletGenerator"}}))
    message = r"(?s)no generator is called 'WaveletGenerator'.*'i2ikit-wavelets' '1\.2': .*pip install"
    with pytest.raises(CheckpointError, match=message):
        trained.build("generators.ab")


def test_a_checkpoint_runs_no_file_and_says_which_one_it_needs(tmp_path: Path) -> None:
    copy = tmp_path / "run" / "imports" / "gen.py"
    copy.parent.mkdir(parents=True)
    copy.write_text("raise SystemExit('this ran')")
    path = tmp_path / "run" / "checkpoints" / "best.pt"
    config = {"imports": ["/elsewhere/gen.py"], "model": {"generators": {"ab": {"type": "OwnGenerator"}}}}
    files = {"imports.gen.py": "0123456789abcdef"}
    write_checkpoint(path, Checkpoint(config=config, model={}, extra={"files": files}))
    message = rf"parts of '/elsewhere/gen\.py', SHA-256 '0123456789ab'\. If you trust that file: --import '{copy}'$"
    with pytest.raises(CheckpointError, match=message):
        TrainedModel(path).build("generators.ab")


def test_weights_of_another_width_are_refused_by_the_name_of_the_file(tmp_path: Path) -> None:
    trained = TrainedModel(save(tmp_path / "a.pt", {"ab": {**RESNET, "filters": 8}}))
    with pytest.raises(CheckpointError, match=r"generators\.ab of \S+a\.pt: the weights do not fit its config"):
        trained.load(trained.build("generators.ab"), "generators.ab")


def test_a_config_without_generators_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"the config inside \S+a\.pt names no generators"):
        TrainedModel(save(tmp_path / "a.pt", {})).choose_output()


@pytest.mark.parametrize("package", ["evil", "evil @ https://example.org/x.whl", "i2ikit-x; rm -rf .", "requests>=2"])
def test_a_checkpoint_cannot_make_the_message_advise_the_installation_of_anything(tmp_path: Path, package: str) -> None:
    plugins = {"x": {"package": package, "version": "1"}}
    config = {"model": {"generators": {"ab": {"type": "WaveletGenerator"}}}}
    write_checkpoint(tmp_path / "a.pt", Checkpoint(config=config, model={}, plugins=plugins))
    with pytest.raises(CheckpointError, match=r"not the name of a plugin of i2ikit") as error:
        TrainedModel(tmp_path / "a.pt").build("generators.ab")
    assert "pip install" not in str(error.value)


def test_an_average_of_a_network_that_the_config_does_not_have_is_named(tmp_path: Path) -> None:
    trained = TrainedModel(save(tmp_path / "a.pt", {"ba": RESNET}, averages={"ab_slow": {"of": "generators.ab"}}))
    with pytest.raises(CheckpointError, match=r"the config inside \S+a\.pt has no generators\.ab"):
        trained.build("generators.ab_slow")


def test_weights_of_a_network_that_the_config_does_not_have_are_named(tmp_path: Path) -> None:
    """Without this an average that the config lost would be replaced by the raw weights in silence."""
    path = save(tmp_path / "a.pt", {"ab": RESNET}, averages={"f_slow": {"of": "heads.f"}})
    checkpoint = read_checkpoint(path)
    checkpoint.model["generators.ab_slow.x"] = torch.ones(1)
    write_checkpoint(path, checkpoint)
    with pytest.raises(
        CheckpointError, match=r"has weights of 'generators\.ab_slow', which the config inside it does not"
    ):
        TrainedModel(path)
