from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from i2ikit.engine.checkpointing.initial import load_initial
from i2ikit.engine.train import train
from i2ikit.errors import CheckpointError
from i2ikit.translation import UnpairedTranslation, build_model

CPU = torch.device("cpu")


def build(config: dict[str, Any], **model: Any) -> UnpairedTranslation:
    made = build_model({**config["model"], **model}, Builder())
    assert made is not None
    return made


def weights(model: UnpairedTranslation, name: str) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in model.networks[name].state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[key], other[key]) for key in one)


def save(path: Path, state: dict[str, Tensor], config: dict[str, Any]) -> Path:
    write_checkpoint(path, Checkpoint(config=config, model=state))
    return path


def test_networks_are_loaded_by_name_and_the_others_keep_their_weights(cut, tmp_path):
    source, model = build(cut), build(cut)
    state = {key: value for key, value in source.state_dict().items() if key.startswith(("generators.", "heads."))}
    judge = weights(model, "discriminators.b")
    path = save(tmp_path / "c.pt", state, cut)
    assert load_initial(path, model, CPU) == ["generators.ab", "heads.f"]
    assert same(weights(model, "generators.ab"), weights(source, "generators.ab"))
    assert same(weights(model, "discriminators.b"), judge)


def test_a_moving_average_starts_from_the_network_that_it_follows(cut, tmp_path):
    averages = {"ab_mean": {"of": "generators.ab", "momentum": 0.9}}
    source, model = build(cut), build(cut, averages=averages)
    load_initial(save(tmp_path / "c.pt", source.state_dict(), cut), model, CPU)
    assert same(weights(model, "generators.ab_mean"), weights(source, "generators.ab"))


def test_a_network_of_another_shape_is_refused_with_its_config(cut, cyclegan, tmp_path):
    path = save(tmp_path / "c.pt", build(cut).state_dict(), cut)
    cyclegan["model"]["generators"]["ab"] = {"type": "ResNetGenerator", "filters": 6, "blocks": 1}
    with pytest.raises(CheckpointError, match=r"generators\.ab of .*c\.pt does not fit the config; there it is .*4"):
        load_initial(path, build(cyclegan), CPU)


def test_a_checkpoint_without_a_common_network_is_refused_with_both_lists(cut, tmp_path):
    path = save(tmp_path / "c.pt", {"generators.other.weight": torch.zeros(1)}, cut)
    with pytest.raises(CheckpointError, match=r"it has generators\.other, the config generators\.ab, "):
        load_initial(path, build(cut), CPU)


def test_a_run_starts_from_the_networks_of_a_checkpoint(cut, tmp_path):
    source = build(cut)
    path = save(tmp_path / "c.pt", source.state_dict(), cut)
    cut["optimizer"]["lr"] = cut["model"]["phases"]["generate"]["groups"]["heads"]["lr"] = 0.0
    train(cut, work_dir=tmp_path / "run", max_steps=1, init=path)
    state = read_checkpoint(tmp_path / "run" / "checkpoints" / "step_000001.pt").model
    assert all(torch.equal(state[key], value) for key, value in source.state_dict().items())
    assert f'"init": "{path}"' in (tmp_path / "run" / "log.jsonl").read_text().splitlines()[0]


def test_a_missing_initial_checkpoint_leaves_no_log(cut, tmp_path):
    with pytest.raises(CheckpointError, match="there is no file"):
        train(cut, work_dir=tmp_path / "run", max_steps=1, init=tmp_path / "none.pt")
    assert not (tmp_path / "run" / "log.jsonl").exists()


def test_a_run_cannot_be_resumed_and_started_at_once(cut, tmp_path):
    with pytest.raises(ValueError, match="a resumed run has its weights"):
        train(cut, work_dir=tmp_path / "run", resume=True, init=tmp_path / "c.pt")
