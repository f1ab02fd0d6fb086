"""The recorded steps of the published implementations, replayed."""

import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_the_published_run_is_reproduced(parity: ModuleType, name: str) -> None:
    errors = parity.replay(parity.Case.read(CASES / name))
    assert errors.passed(), "\n".join(parity.report(parity.Case.read(CASES / name), errors))
    assert max(errors.losses)[0] < 1e-11
    assert errors.norms[0] < 1e-8


def test_the_exit_code_and_the_lines_tell_what_is_equal(parity: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(CASES / "cyclegan")]) == 0
    printed = capsys.readouterr().out
    for line in ("cyclegan: equal", "losses, step 0", "losses, step 1", "norms", "images", "set apart"):
        assert line in printed


def changed_loss(folder: Path) -> None:
    content = json.loads((folder / "case.json").read_text())
    content["losses"][1]["cycle_A"] *= 1 + 3e-9
    (folder / "case.json").write_text(json.dumps(content))


def changed_array(folder: Path, name: str, factor: float) -> None:
    with np.load(folder / "steps.npz") as steps:
        arrays = dict(steps)
    arrays[name] = arrays[name] * factor
    np.savez(folder / "steps.npz", **arrays)


def changed_norm(folder: Path) -> None:
    changed_array(folder, "step1/after/G_B", 1 + 3e-6)


def changed_image(folder: Path) -> None:
    changed_array(folder, "step0/rec_A", np.float32(1 + 3e-5))


def unknown_loss(folder: Path) -> None:
    content = json.loads((folder / "case.json").read_text())
    content["losses"][0]["mystery"] = 0.5
    (folder / "case.json").write_text(json.dumps(content))


def test_numbers_that_differ_are_found_and_named(
    parity: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "cyclegan"
    shutil.copytree(CASES / "cyclegan", folder)
    for change in (changed_loss, changed_norm, changed_image, unknown_loss):
        change(folder)
    assert parity.main([str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "cyclegan: DIFFERENT" in printed
    for line in ("3.0e-09  (cycle_A)", "norms            3.0e-06", "images           3.0e-05", "inf  (mystery)"):
        assert line in printed


def test_a_case_of_an_unknown_model_is_said_and_the_others_are_replayed(
    parity: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(CASES / "cyclegan", folder)
    content = json.loads((folder / "case.json").read_text())
    (folder / "case.json").write_text(json.dumps(content | {"model": "unheard_of"}))
    assert parity.main([str(folder), str(CASES / "cyclegan")]) == 1
    printed = capsys.readouterr().out
    assert "other: NOT REPLAYED" in printed
    assert "no folder of configs has _base_/methods/" in printed
    assert "cyclegan: equal" in printed


def test_layers_without_recorded_places_keep_the_plan_of_the_method(parity: ModuleType) -> None:
    class Sampler:
        def reads(self) -> list[Any]:
            return ["read"]

        def plan(self, _step: Any, keys: list[Any], _queries: list[Any]) -> list[Any]:
            return [f"own plan {layer}" for layer, _ in enumerate(keys)]

    sampler = parity.RecordedPositions(Sampler())
    assert sampler.reads() == ["read"]
    ids, key = torch.tensor([3, 1]), torch.zeros(1, 2, 2, 2)
    sampler.ids = {0: ids}
    recorded, own = sampler.plan(None, [key, key], [key, key])
    assert torch.equal(recorded.ids, ids)
    assert own == "own plan 1"
